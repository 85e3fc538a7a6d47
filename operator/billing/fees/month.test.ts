import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { periodOf } from '../../metering/index.ts';
import { one } from '../money/decimal.ts';
import { type MonthItem, monthItems, type Term, type WindowCost } from './month.ts';

const month = periodOf('Month', Date.parse('2026-04-01T00:00:00Z'));
const hour = 3_600_000;
const hours = (month.end - month.start) / hour;
/** 2026-04 has 30 days. */
const day = (of: number): number => month.start + (of - 1) * 24 * hour;

const term = (plan: string, start: number, end: number, change: Partial<Term> = {}): Term => {
  return { plan, start, end, currency: 'usd', fee: 0n, ...change };
};
const cents = (amount: bigint): bigint => amount * one;
const used = (of: number, amount: bigint): WindowCost => ({ start: day(of), currency: 'usd', amount: cents(amount) });
const told = (items: readonly MonthItem[]): readonly string[] =>
  items.map(({ kind, plan, currency, amount }) => [kind, ...(plan ? [plan] : []), amount / one, currency].join(' '));

test.each<[string, readonly Term[], readonly WindowCost[], readonly string[]]>([
  ['no plan', [], [used(1, 500n)], []],
  ['a plan that asks nothing', [term('free', 0, month.end)], [used(1, 500n)], []],
  ['a whole month', [term('a', 0, month.end + 1, { fee: cents(1000n) })], [], ['fee a 1000 usd']],
  ['a plan from the 16th on', [term('a', day(16), month.end, { fee: cents(1000n) })], [], ['fee a 500 usd']],
  ['a plan of another month', [term('a', 0, month.start, { fee: cents(1000n) })], [], []],
  [
    'a third of a month each: what is left over goes to the largest remainder',
    [
      term('a', day(1), day(11), { fee: cents(100n) }),
      term('b', day(11), day(21), { fee: cents(100n) }),
      term('c', day(21), month.end, { fee: cents(100n) }),
    ],
    [],
    ['fee a 34 usd', 'fee b 33 usd', 'fee c 33 usd'],
  ],
  [
    'two fees in two currencies',
    [
      term('a', day(1), day(16), { fee: cents(100n) }),
      term('b', day(16), month.end, { fee: cents(100n), currency: 'eur' }),
    ],
    [],
    ['fee b 50 eur', 'fee a 50 usd'],
  ],
  [
    'less than the minimum, and the fee is no part of it',
    [term('a', 0, month.end, { fee: cents(70n), minimum: cents(500n) })],
    [used(1, 100n), used(30, 50n)],
    ['fee a 70 usd', 'minimum 350 usd'],
  ],
  [
    'between minimum and maximum',
    [term('a', 0, month.end, { minimum: cents(100n), maximum: cents(200n) })],
    [used(2, 150n)],
    [],
  ],
  ['more than the maximum', [term('a', 0, month.end, { maximum: cents(200n) })], [used(2, 250n)], ['maximum -50 usd']],
  [
    'a minimum for half of the month, of which only that half counts',
    [term('a', day(1), day(16)), term('b', day(16), month.end, { minimum: cents(500n) })],
    [used(15, 1000n), used(16, 100n)],
    ['minimum 150 usd'],
  ],
  [
    'a maximum for half of the month does not hold for the other',
    [term('a', day(1), day(16)), term('b', day(16), month.end, { maximum: cents(500n) })],
    [used(15, 1000n), used(16, 300n)],
    ['maximum -50 usd'],
  ],
  [
    'usage in another currency does not count',
    [term('a', 0, month.end, { minimum: cents(500n) })],
    [{ ...used(1, 500n), currency: 'eur' }],
    ['minimum 500 usd'],
  ],
  [
    'usage that was taken back is made up for',
    [term('a', 0, month.end, { minimum: cents(500n) })],
    [used(1, -20n)],
    ['minimum 520 usd'],
  ],
])('%s', (_, terms, costs, expected) => {
  expect(told(monthItems(terms, costs, month))).toEqual(expected);
});

test('what is below the minimum comes to it with the exact usage', () => {
  const costs = [{ start: day(1), currency: 'usd', amount: 1n }];
  const [item] = monthItems([term('a', 0, month.end, { minimum: cents(500n) })], costs, month);
  expect((item?.amount ?? 0n) + 1n).toBe(cents(500n));
});

describe('whatever the plans and the usage of a month', () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 24n });
  const agreed = fc
    .record({
      plan: fc.constantFrom('a', 'b', 'c'),
      fee: amount,
      bounds: fc.option(fc.tuple(amount, amount), { nil: undefined }),
    })
    .map(({ bounds, ...rest }) => {
      if (bounds === undefined) return rest;
      const [minimum, maximum] = bounds.toSorted((a, b) => (a < b ? -1 : 1));
      return { ...rest, minimum, maximum };
    });
  const second = fc.integer({ min: 1, max: (month.end - month.start) / 1000 - 1 });
  const terms = fc
    .tuple(fc.uniqueArray(second, { maxLength: 6 }), fc.array(agreed, { minLength: 7, maxLength: 7 }))
    .map(([cuts, agreements]) => {
      const ends = [...cuts.toSorted((a, b) => a - b).map((cut) => month.start + cut * 1000), month.end];
      return ends.map((end, index) => {
        const { plan = '', ...change } = agreements[index] ?? {};
        return term(plan, ends[index - 1] ?? month.start, end, change);
      });
    });
  const costs = fc.array(
    fc.record({
      start: fc.integer({ min: 0, max: hours - 1 }).map((at) => month.start + at * hour),
      currency: fc.constant('usd'),
      amount: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 24n }),
    }),
    { maxLength: 20 },
  );
  const sum = (items: readonly MonthItem[], kind: string): bigint =>
    items.filter((item) => item.kind === kind).reduce((total, item) => total + item.amount, 0n);

  test('the parts of one fee add up to the whole, in whole minor units', () => {
    fc.assert(
      fc.property(terms, amount, (parts, fee) => {
        const whole = (fee / one) * one;
        const items = monthItems(
          parts.map((part) => ({ ...part, fee: whole })),
          [],
          month,
        );
        expect(sum(items, 'fee')).toBe(whole);
        expect(items.every((item) => item.amount % one === 0n)).toBe(true);
      }),
    );
  });

  test('fees and minimum are not below nothing, a maximum takes at most', () => {
    fc.assert(
      fc.property(terms, costs, (parts, spent) => {
        const items = monthItems(parts, spent, month);
        expect(items.every((item) => (item.kind === 'maximum' ? item.amount < 0n : item.amount > 0n))).toBe(true);
      }),
    );
  });

  test('the order of terms and of usage does not matter', () => {
    fc.assert(
      fc.property(terms, costs, (parts, spent) => {
        expect(monthItems(parts.toReversed(), spent.toReversed(), month)).toEqual(monthItems(parts, spent, month));
      }),
    );
  });

  test('a term that is cut anywhere is still the same term', () => {
    fc.assert(
      fc.property(terms, costs, fc.array(second), (parts, spent, cuts) => {
        const pieces = cuts.reduce<readonly Term[]>((all, cut) => {
          const at = month.start + cut * 1000;
          return all.flatMap((one) =>
            at > one.start && at < one.end
              ? [
                  { ...one, end: at },
                  { ...one, start: at },
                ]
              : [one],
          );
        }, parts);
        expect(monthItems(pieces, spent, month)).toEqual(monthItems(parts, spent, month));
      }),
    );
  });

  test('with one commitment for the whole month, usage and items stay within it', () => {
    fc.assert(
      fc.property(costs, amount, amount, (spent, a, b) => {
        const [minimum, maximum] = a < b ? [a, b] : [b, a];
        const items = monthItems([term('a', 0, month.end, { minimum, maximum })], spent, month);
        const total = spent.reduce((all, cost) => all + cost.amount, 0n) + items.reduce((all, i) => all + i.amount, 0n);
        // A minor unit is the grain of a commitment.
        expect(total >= minimum - one && total <= maximum + one).toBe(true);
        expect(items.length <= 1).toBe(true);
      }),
    );
  });
});
