import fc from 'fast-check';
import { expect, test } from 'vitest';

import { parseDecimal } from '../money/decimal.ts';
import { rate, type Tier } from '../rating/rate.ts';
import type { TieredPrice } from '../rating/stored.ts';
import { isSayable, type PricedSku, wantedPrice, wantedPrices } from './wanted.ts';

const flat: TieredPrice = { mode: 'Graduated', tiers: [{ unitPrice: 5n }] };
const steps = [{ upTo: 100n, unitPrice: 5n }, { unitPrice: 3n }];
const sku = (price: TieredPrice): PricedSku => ({
  ...{ book: 'standard', version: 3, currency: 'usd', sku: 'l4', eventName: 'gpu_seconds__l4' },
  price,
});

test.each<[string, TieredPrice, bigint, string, readonly Tier[] | 'unsayable']>([
  ['a flat price', flat, 0n, 'gpuopt/standard/3/l4', [{ unitPrice: 5n }]],
  [
    'a flat price after what is included',
    flat,
    40n,
    'gpuopt/standard/3/l4/40',
    [{ upTo: 40n, unitPrice: 0n }, { unitPrice: 5n }],
  ],
  ['steps', { mode: 'Graduated', tiers: steps }, 0n, 'gpuopt/standard/3/l4', steps],
  [
    'steps that count from after what is included',
    { mode: 'Graduated', tiers: steps },
    40n,
    'gpuopt/standard/3/l4/40',
    [{ upTo: 40n, unitPrice: 0n }, { upTo: 140n, unitPrice: 5n }, { unitPrice: 3n }],
  ],
  ['volume', { mode: 'Volume', tiers: steps }, 0n, 'gpuopt/standard/3/l4', steps],
  ['volume after what is included', { mode: 'Volume', tiers: steps }, 40n, 'gpuopt/standard/3/l4/40', 'unsayable'],
])('%s', (_, price, included, key, tiers) => {
  const wanted = wantedPrice(sku(price), included);
  expect(wanted.key).toBe(key);
  expect(isSayable(wanted) ? wanted.tiers : 'unsayable').toEqual(tiers);
});

test('the provider bills by its tiers what is rated here by tiers and what is included', () => {
  const amount = fc.bigInt({ min: 0n, max: parseDecimal('100') });
  const prices = fc.record({
    ends: fc.uniqueArray(fc.bigInt({ min: 1n, max: 10_000n }), { maxLength: 5 }),
    amounts: fc.array(amount, { minLength: 6, maxLength: 6 }),
    included: fc.bigInt({ min: 1n, max: 10_000n }),
    quantity: fc.bigInt({ min: 0n, max: 40_000n }),
  });
  const isSame = fc.property(prices, ({ ends, amounts, included, quantity }) => {
    const tiers = [...ends.toSorted((a, b) => Number(a - b)), undefined].map((upTo, index) => ({
      ...(upTo !== undefined && { upTo }),
      unitPrice: amounts[index] ?? 0n,
    }));
    const wanted = wantedPrice(sku({ mode: 'Graduated', tiers }), included);
    if (!isSayable(wanted)) throw new Error(wanted.reason);
    const theirs = rate({ mode: wanted.mode, tiers: wanted.tiers, included: 0n }, quantity);
    return theirs === rate({ mode: 'Graduated', tiers, included }, quantity);
  });
  fc.assert(isSame);
});

test('agreements that say the same ask for one price', () => {
  const agreements = [new Map(), new Map([['l4', 40n]]), new Map([['a100', 7n]])].map((included) => ({
    book: 'standard',
    included,
  }));
  const keys = [...wantedPrices(agreements, [sku(flat)]).keys()];
  expect(keys).toEqual(['gpuopt/standard/3/l4', 'gpuopt/standard/3/l4/40']);
});
