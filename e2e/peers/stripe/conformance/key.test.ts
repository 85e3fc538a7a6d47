import { expect, test } from 'vitest';

import { sandboxKey } from './key.ts';

test.each([
  ['nothing', {}, 'none'],
  ['blanks', { STRIPE_TEST_KEY: ' ' }, 'none'],
  ['a secret key of a sandbox', { STRIPE_TEST_KEY: 'sk_test_1\n' }, 'ok'],
  ['a restricted key of a sandbox', { STRIPE_TEST_KEY: 'rk_test_1' }, 'ok'],
  ['a live key', { STRIPE_TEST_KEY: 'sk_live_secret' }, 'refused'],
  ['a restricted live key', { STRIPE_TEST_KEY: 'rk_live_secret' }, 'refused'],
  ['a publishable key', { STRIPE_TEST_KEY: 'pk_test_secret' }, 'refused'],
])('%s: %s', (_, environment, kind) => {
  const found = sandboxKey(environment);
  expect(found.kind).toBe(kind);
  if (found.kind === 'refused') expect(found.reason).not.toContain('secret');
});
