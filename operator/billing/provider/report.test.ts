import { expect, test } from 'vitest';

import { report, type Standing, withRefusal } from './report.ts';

const rows = { accepted: 0, pending: 3, rejected: 0, held: 0 };
const accepting: Standing = { status: 'True', reason: 'Accepting', message: 'account acct_1 takes usage events' };
const unreachable: Standing = { status: 'False', reason: 'Unreachable', message: 'no answer' };

const webhooks: Standing = { status: 'False', reason: 'NotConfigured', message: 'no webhook is taken' };

test.each<[string, Standing, string | undefined, string]>([
  ['a key that delivers', accepting, undefined, 'Accepting'],
  ['a key that opens the account and may not deliver', accepting, 'no permission', 'DeliveryRefused'],
  ['a provider that does not answer, after a refusal', unreachable, 'no permission', 'Unreachable'],
])('%s', (_, standing, refusal, reason) => {
  const [ready] = report(withRefusal(standing, refusal), rows, webhooks).conditions;
  expect(ready).toMatchObject({ type: 'Ready', reason, status: reason === 'Accepting' ? 'True' : 'False' });
});
