import Stripe from 'stripe';
import { expect, test } from 'vitest';

import { classify } from './classify.ts';

const { errors } = Stripe;
const raw = (fields: object) => ({ message: 'm', headers: {}, requestId: 'r', ...fields });

test.each([
  [
    'duplicate by code',
    new errors.StripeInvalidRequestError(raw({ code: 'duplicate_meter_event', statusCode: 400 })),
    { kind: 'duplicate' },
  ],
  [
    'duplicate in words only',
    new errors.StripeInvalidRequestError(
      raw({ message: 'An event already exists with identifier x.', statusCode: 400 }),
    ),
    { kind: 'duplicate' },
  ],
  [
    'no meter',
    new errors.StripeInvalidRequestError(raw({ code: 'no_meter', statusCode: 400 })),
    { kind: 'rejected', code: 'no_meter', message: 'm' },
  ],
  [
    'not found',
    new errors.StripeInvalidRequestError(raw({ statusCode: 404 })),
    { kind: 'rejected', code: '404', message: 'm' },
  ],
  [
    '400 with rate_limit',
    new errors.StripeInvalidRequestError(raw({ code: 'rate_limit', statusCode: 400 })),
    { kind: 'unknown' },
  ],
  [
    '429',
    new errors.StripeRateLimitError(raw({ statusCode: 429, headers: { 'retry-after': '7' } })),
    { kind: 'unknown', retryAfterMillis: 7000 },
  ],
  ['409', new errors.StripeAPIError(raw({ statusCode: 409 })), { kind: 'unknown' }],
  ['500', new errors.StripeAPIError(raw({ statusCode: 500 })), { kind: 'unknown' }],
  ['no connection', new errors.StripeConnectionError(raw({})), { kind: 'unknown' }],
  ['401', new errors.StripeAuthenticationError(raw({ statusCode: 401 })), { kind: 'refused', reason: 'auth' }],
  ['403', new errors.StripePermissionError(raw({ statusCode: 403 })), { kind: 'refused', reason: 'permission' }],
])('%s', (_, error, expected) => {
  expect(classify(error)).toMatchObject(expected);
});

test('what is no answer of Stripe is thrown on', () => {
  expect(() => classify(new TypeError('bug'))).toThrow('bug');
});
