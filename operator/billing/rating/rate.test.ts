import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { one } from '../money/decimal.ts';
import { dependsOnPeriod, marginal, type Rating, rate, type Tier } from './rate.ts';

const steps: readonly Tier[] = [
  { upTo: 100n, unitPrice: 3n * one },
  { upTo: 300n, unitPrice: 2n * one },
  { unitPrice: one },
];
const graduated: Rating = { mode: 'Graduated', tiers: steps, included: 0n };
const volume: Rating = { mode: 'Volume', tiers: steps, included: 0n };

describe('what a period costs', () => {
  it.each<[string, Rating, bigint, bigint]>([
    ['nothing', graduated, 0n, 0n],
    ['a second of the first tier', graduated, 1n, 3n],
    ['the whole first tier', graduated, 100n, 300n],
    ['the first second of the second tier', graduated, 101n, 302n],
    ['all tiers', graduated, 301n, 701n],
    ['what corrections made negative', graduated, -5n, 0n],
    ['volume in the first tier', volume, 100n, 300n],
    ['volume: one second more makes all cheaper', volume, 101n, 202n],
    ['volume in the last tier', volume, 301n, 301n],
    ['what is included', { ...graduated, included: 50n }, 50n, 0n],
    ['tiers count from after what is included', { ...graduated, included: 50n }, 151n, 302n],
    ['a flat price', { mode: 'Graduated', tiers: [{ unitPrice: 3n * one }], included: 0n }, 7n, 21n],
  ])('%s', (_, rating, quantity, expected) => {
    expect(rate(rating, quantity)).toBe(expected * one);
  });
});

const tiers = fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 9n }), { maxLength: 4 }).chain((ends) =>
  fc
    .array(fc.bigInt({ min: 0n, max: 10n ** 15n }), { minLength: ends.length + 1, maxLength: ends.length + 1 })
    .map((prices) => {
      const rising = ends.toSorted((a, b) => (a < b ? -1 : 1));
      return prices.map((unitPrice, index): Tier => ({ ...(rising[index] && { upTo: rising[index] }), unitPrice }));
    }),
);
const rating: fc.Arbitrary<Rating> = fc.record({
  mode: fc.constantFrom('Graduated', 'Volume'),
  tiers,
  included: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 10n ** 8n })),
});
const quantities = fc.array(fc.bigInt({ min: -(10n ** 7n), max: 10n ** 9n }), { maxLength: 12 });

describe('windows that are rated one after the other', () => {
  const summed = (by: Rating, parts: readonly bigint[]): bigint => {
    let [before, amount] = [0n, 0n];
    for (const part of parts) {
      amount += marginal(by, before, part);
      before += part;
    }
    return amount;
  };

  it('cost what all of them cost at once, revisions included, in any order', () => {
    fc.assert(
      fc.property(rating, quantities, (by, parts) => {
        const total = rate(
          by,
          parts.reduce((sum, part) => sum + part, 0n),
        );
        expect(summed(by, parts)).toBe(total);
        expect(summed(by, parts.toReversed())).toBe(total);
      }),
    );
  });

  it('each cost their quantity at the one price where the period does not matter', () => {
    fc.assert(
      fc.property(
        rating,
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        (by, before, more) => {
          if (dependsOnPeriod(by)) return;
          expect(marginal(by, before, more)).toBe(more * (by.tiers[0]?.unitPrice ?? 0n));
        },
      ),
    );
  });

  it('never cost less than nothing in graduated tiers, and what is included only makes a period cheaper', () => {
    fc.assert(
      fc.property(
        rating,
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        fc.bigInt({ min: 0n, max: 10n ** 9n }),
        (by, before, more) => {
          const rising: Rating = { ...by, mode: 'Graduated' };
          expect(marginal(rising, before, more)).toBeGreaterThanOrEqual(0n);
          expect(rate(rising, before)).toBeLessThanOrEqual(rate({ ...rising, included: 0n }, before));
        },
      ),
    );
  });
});
