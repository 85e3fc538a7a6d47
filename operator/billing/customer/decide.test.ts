import { expect, test } from 'vitest';

import type { FoundPrice } from '../catalog/compare.ts';
import type { Unsayable, WantedPrice } from '../catalog/wanted.ts';
import { pricesOf, subscriptionOff } from './decide.ts';

function wantedOf(sku: string): WantedPrice {
  return {
    ...{ key: sku, product: `gpuopt_${sku}`, eventName: sku, currency: 'usd' },
    ...{ mode: 'Graduated', tiers: [{ unitPrice: 5n }] },
  };
}

function foundOf(sku: string, change: Partial<FoundPrice> = {}): readonly [string, FoundPrice] {
  const price = { mode: 'Graduated', tiers: [{ unitPrice: 5n }] } as const;
  const same = { id: `price_${sku}`, key: sku, active: true, currency: 'usd', product: `gpuopt_${sku}` };
  return [sku, { ...same, meter: `mtr_${sku}`, monthly: true, price, ...change }];
}

const many = Array.from({ length: 21 }, (_, index) => wantedOf(`s${index}`));
const meters = new Map(['l4', ...many.map(({ key }) => key)].map((sku) => [sku, { id: `mtr_${sku}`, active: true }]));
const l4 = wantedOf('l4');
const unsayable: Unsayable = { key: 'l4', reason: 'no form' };

test.each<[string, readonly (WantedPrice | Unsayable)[], readonly (readonly [string, FoundPrice])[], unknown]>([
  ['the prices are there', [l4], [foundOf('l4')], ['price_l4']],
  ['twenty prices', many.slice(1), many.map(({ key }) => foundOf(key)), expect.objectContaining({ length: 20 })],
  ['no version in force', [], [], { reason: 'ListMissing' }],
  ['twenty-one prices', many, many.map(({ key }) => foundOf(key)), { reason: 'TooManyPrices' }],
  ['a price is not made yet', [l4], [], { reason: 'PricesNotReady' }],
  ['a price that cannot be had', [unsayable], [], { reason: 'PricesNotReady' }],
  ['a price that somebody archived', [l4], [foundOf('l4', { active: false })], { reason: 'PricesNotReady' }],
  ['a price of another amount', [l4], [foundOf('l4', { price: undefined })], { reason: 'PricesNotReady' }],
])('%s', (_, wanted, found, expected) => {
  const answer = pricesOf(wanted, new Map(found), meters);
  expect('reason' in answer ? { reason: answer.reason } : answer).toEqual(expected);
});

test.each([
  ['the same prices in another order', false, ['b', 'a'], undefined],
  ['it has ended', true, ['a', 'b'], 'SubscriptionEnded'],
  ['a price is missing', false, ['a'], 'SubscriptionDiffers'],
  ['there is one more', false, ['a', 'b', 'c'], 'SubscriptionDiffers'],
])('a subscription: %s', (_, ended, prices, expected) => {
  expect(subscriptionOff({ id: 'sub_1', ended, prices }, ['a', 'b'])?.reason).toBe(expected);
});
