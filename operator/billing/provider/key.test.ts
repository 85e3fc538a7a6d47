import { expect, test } from 'vitest';

import { checkKey } from './key.ts';

const spec = (mode: 'Test' | 'Live') => ({ type: 'Stripe', mode }) as const;
const ref = { name: 'stripe', key: 'api-key' };
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test.each([
  ['a test key', 'Test', { 'api-key': base64('sk_test_1') }, { kind: 'ok', key: 'sk_test_1' }],
  [
    'a restricted test key with a newline',
    'Test',
    { 'api-key': base64('rk_test_1\n') },
    { kind: 'ok', key: 'rk_test_1' },
  ],
  ['a live key', 'Live', { 'api-key': base64('rk_live_1') }, { kind: 'ok', key: 'rk_live_1' }],
  ['no Secret', 'Test', undefined, { kind: 'bad', reason: 'SecretMissing' }],
  ['no such key in it', 'Test', {}, { kind: 'bad', reason: 'SecretKeyMissing' }],
  ['a live key in mode Test', 'Test', { 'api-key': base64('sk_live_1') }, { kind: 'bad', reason: 'ModeMismatch' }],
  ['a test key in mode Live', 'Live', { 'api-key': base64('sk_test_1') }, { kind: 'bad', reason: 'ModeMismatch' }],
] as const)('%s', (_, mode, data, expected) => {
  const checked = checkKey(spec(mode), ref, data);
  expect(checked).toMatchObject(expected);
  if (checked.kind === 'bad') expect(checked.message).not.toMatch(/_1/);
});

const random = Buffer.alloc(32, 7).toString('base64');

test.each([
  ['32 bytes', `whsec_${random}`, { kind: 'ok', key: `whsec_${random}` }],
  ['too few bytes', `whsec_${Buffer.alloc(23, 7).toString('base64')}`, { kind: 'bad', reason: 'SigningKeyInvalid' }],
  ['no prefix', random, { kind: 'bad', reason: 'SigningKeyInvalid' }],
  ['no base64', 'whsec_%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%%', { kind: 'bad', reason: 'SigningKeyInvalid' }],
  ['an API key', 'sk_test_1', { kind: 'bad', reason: 'SigningKeyInvalid' }],
] as const)('a key that signs webhooks: %s', (_, key, expected) => {
  const checked = checkKey({ ...spec('Test'), type: 'Webhook' }, ref, { 'api-key': base64(key) });
  expect(checked).toMatchObject(expected);
  if (checked.kind === 'bad') expect(checked.message).not.toContain(key);
});
