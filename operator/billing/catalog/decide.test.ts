import { expect, test } from 'vitest';

import type { FoundPrice } from './compare.ts';
import { decide, type Found } from './decide.ts';
import { named } from './named.ts';
import type { Unsayable, WantedPrice } from './wanted.ts';

const wanted: WantedPrice = {
  ...{ key: 'gpuopt/standard/1/l4', product: 'gpuopt_l4', eventName: 'gpu_seconds__l4', currency: 'usd' },
  ...{ mode: 'Graduated', tiers: [{ upTo: 10n, unitPrice: 5n }, { unitPrice: 3n }] },
};
const unsayable: Unsayable = { key: 'gpuopt/standard/1/a100/9', reason: 'no form' };
const price: FoundPrice = {
  ...{ id: 'price_1', key: wanted.key, active: true, currency: 'usd', product: 'gpuopt_l4', meter: 'mtr_1' },
  ...{ monthly: true, price: { mode: wanted.mode, tiers: wanted.tiers } },
};

interface Sketch {
  readonly meter?: boolean | 'none';
  readonly product?: boolean | 'none';
  readonly price?: Partial<FoundPrice> | 'none';
}

function there({ meter = true, product = true, price: change = {} }: Sketch): Found {
  return {
    meters: new Map(meter === 'none' ? [] : [[wanted.eventName, { id: 'mtr_1', active: meter }]]),
    products: new Map(product === 'none' ? [] : [['gpuopt_l4', { id: 'gpuopt_l4', active: product }]]),
    prices: new Map(change === 'none' ? [] : [[wanted.key, { ...price, ...change }]]),
  };
}

const acts = (found: Found) => {
  const { products, prices, waiting } = decide([wanted], found);
  return [...products, ...prices.map(({ wanted: { key }, meter }) => `${key} of ${meter}`), ...waiting];
};

test.each<[string, Sketch, readonly string[]]>([
  ['all is there', {}, []],
  ['nothing but the meter', { product: 'none', price: 'none' }, ['gpuopt_l4', 'gpuopt/standard/1/l4 of mtr_1']],
  ['the product is there', { price: 'none' }, ['gpuopt/standard/1/l4 of mtr_1']],
  ['a price waits for its meter', { meter: 'none', price: 'none' }, ['gpuopt/standard/1/l4']],
  ['and for a meter that is archived', { meter: false, price: 'none' }, ['gpuopt/standard/1/l4']],
])('to make: %s', (_, sketch, expected) => {
  expect(acts(there(sketch))).toEqual(expected);
});

test.each<[string, Sketch, string]>([
  ['a meter is archived', { meter: false }, 'meter gpu_seconds__l4 is archived'],
  ['a product is archived', { product: false }, 'product gpuopt_l4 is archived'],
  ['a price is archived', { price: { active: false } }, 'is archived'],
  ['a price has lost its key', { price: { key: null } }, 'has lost its lookup key'],
  ['another currency', { price: { currency: 'eur' } }, 'is in eur and not in usd'],
  ['another product', { price: { product: 'prod_9' } }, 'belongs to product prod_9'],
  ['another meter', { price: { meter: 'mtr_9' } }, 'counts meter mtr_9 and not mtr_1'],
  ['charged by the year', { price: { monthly: false } }, 'is not charged each month'],
  ['another amount', { price: { price: { mode: 'Graduated', tiers: [{ unitPrice: 5n }] } } }, 'has other amounts'],
  ['another mode', { price: { price: { mode: 'Volume', tiers: wanted.tiers } } }, 'has other amounts'],
  ['a form that is never made', { price: { price: undefined } }, 'has other amounts'],
])('drift: %s', (_, sketch, expected) => {
  const found = there(sketch);
  expect(decide([wanted], found).drift).toEqual([expect.stringContaining(expected)]);
  expect(acts(found)).toEqual([]);
});

test('what the provider has no form for is said and not made', () => {
  const plan = decide([wanted, unsayable], there({}));
  expect(plan).toMatchObject({ unsayable: ['price gpuopt/standard/1/a100/9: no form'], prices: [], drift: [] });
});

test.each([
  [['a'], 'a'],
  [['a', 'b'], 'a; b'],
  [['a', 'b', 'c', 'd'], 'a; b; and 2 more'],
])('%j in words: %s', (all, expected) => {
  expect(named(all, 2, '; ')).toBe(expected);
});
