import { expect, test } from 'vitest';

import type { Progress } from './progress.ts';
import { type Found, report, type Standing, withRefusal } from './report.ts';

const rows = { accepted: 0, pending: 3, rejected: 0, held: 0 };
const accepting: Standing = { status: 'True', reason: 'Accepting', message: 'account acct_1 takes usage events' };
const unreachable: Standing = { status: 'False', reason: 'Unreachable', message: 'no answer' };

const webhooks: Standing = { status: 'False', reason: 'NotConfigured', message: 'no webhook is taken' };

const progress: Progress = { ambiguous: 0, drift: 0n, heldHours: 0 };
const found: Found = { standing: accepting, webhooks, rows, progress };
const now = Date.parse('2026-01-02T00:00:00Z');
const ago = (millis: number): Progress => ({ ...progress, oldestUnsent: now - millis });
const hour = 3_600_000;

test.each<[string, Partial<Found>, string, string]>([
  ['nothing waits', {}, 'Progressing', 'UpToDate'],
  ['usage of 6 hours ago', { progress: ago(6 * hour) }, 'Progressing', 'UpToDate'],
  ['of a moment more', { progress: ago(6 * hour + 1) }, 'Progressing', 'Late'],
  ['of 20 hours ago', { progress: ago(20 * hour) }, 'Progressing', 'Late'],
  ['of a moment more than that', { progress: ago(20 * hour + 1) }, 'Progressing', 'Overdue'],
  ['nothing is held', {}, 'NeedsPerson', 'NothingHeld'],
  ['a row is held', { rows: { ...rows, held: 1, rejected: 1 } }, 'NeedsPerson', 'RowsHeld'],
  ['a row was rejected', { rows: { ...rows, rejected: 1 } }, 'NeedsPerson', 'RowsRejected'],
  ['a drift is held', { progress: { ...progress, heldHours: 1, drift: 7n } }, 'NeedsPerson', 'DriftHeld'],
])('%s', (_, change, type, reason) => {
  const { conditions } = report({ ...found, ...change }, now);
  expect(conditions?.find((one) => one.type === type)?.reason).toBe(reason);
});

test.each<[string, Standing, string | undefined, string]>([
  ['a key that delivers', accepting, undefined, 'Accepting'],
  ['a key that opens the account and may not deliver', accepting, 'no permission', 'DeliveryRefused'],
  ['a provider that does not answer, after a refusal', unreachable, 'no permission', 'Unreachable'],
])('%s', (_, standing, refusal, reason) => {
  const [ready] = report({ ...found, standing: withRefusal(standing, refusal) }, now).conditions;
  expect(ready).toMatchObject({ type: 'Ready', reason, status: reason === 'Accepting' ? 'True' : 'False' });
});
