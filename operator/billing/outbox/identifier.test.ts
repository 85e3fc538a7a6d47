import { expect, test } from 'vitest';

import { type EventIdentity, identifierOf } from './identifier.ts';

const identity: EventIdentity = {
  account: 'acct_1',
  mode: 'test',
  eventName: 'gpu_seconds__h100_80gb__full__ondemand',
  customer: 'cus_1',
  start: 1767225600,
  end: 1767229200,
  revision: 1,
};

test('the vector that every version of the project must reproduce', () => {
  expect(identifierOf(identity)).toBe('gm1_efmfx7cmvjaialcgajn4mjmtxrrnmvxsn5wbwnubzkekreauyp7q');
});

test.each<[string, Partial<EventIdentity>]>([
  ['account', { account: 'acct_2' }],
  ['mode', { mode: 'live' }],
  ['event', { eventName: 'x' }],
  ['customer', { customer: 'cus_2' }],
  ['start', { start: 1 }],
  ['end', { end: 1 }],
  ['revision', { revision: 2 }],
])('another %s is another identifier of 56 characters', (_, change) => {
  const other = identifierOf({ ...identity, ...change });
  expect(other).toHaveLength(56);
  expect(other).not.toBe(identifierOf(identity));
});
