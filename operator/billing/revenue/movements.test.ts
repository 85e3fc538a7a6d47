import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type MonthRevenue, movementKinds, movementsOf } from './movements.ts';
import { lifetimeInputs, ratiosOf } from './ratios.ts';

const acme = (...months: readonly (readonly [string, bigint])[]): readonly MonthRevenue[] =>
  months.map(([month, amount]) => ({ tenant: 'acme', month, amount }));

/** What moved into March, `kind tenants amount`. */
const moved = (rows: readonly MonthRevenue[]): readonly string[] => {
  const found = movementsOf(rows, '2026-03').moved;
  return movementKinds.flatMap((kind) =>
    found[kind].tenants === 0 ? [] : [`${kind} ${found[kind].tenants} ${found[kind].amount}`],
  );
};

test.each<[string, readonly MonthRevenue[], readonly string[]]>([
  ['nobody', [], []],
  ['the first revenue ever', acme(['2026-03', 5n]), ['new 1 5']],
  ['back after a month of nothing', acme(['2026-01', 9n], ['2026-03', 5n]), ['reactivation 1 5']],
  [
    'back after a month that a correction took back',
    acme(['2026-01', 9n], ['2026-02', 0n], ['2026-03', 5n]),
    ['reactivation 1 5'],
  ],
  ['new where the only month before was taken back', acme(['2026-01', 0n], ['2026-03', 5n]), ['new 1 5']],
  ['more', acme(['2026-02', 3n], ['2026-03', 5n]), ['expansion 1 2']],
  ['as much', acme(['2026-02', 5n], ['2026-03', 5n]), []],
  ['less', acme(['2026-02', 5n], ['2026-03', 3n]), ['contraction 1 -2']],
  ['nothing any more', acme(['2026-02', 5n]), ['churn 1 -5']],
  ['more taken back than used', acme(['2026-02', 5n], ['2026-03', -1n]), ['churn 1 -6']],
  ['gone long ago', acme(['2025-12', 5n]), []],
  [
    'the first of the year after the last of the one before',
    acme(['2026-02', 1n], ['2026-03', 1n], ['2026-03', 1n]),
    ['expansion 1 1'],
  ],
  ['what comes later is not looked at', acme(['2026-04', 5n]), []],
  [
    'two tenants',
    [...acme(['2026-03', 5n]), { tenant: 'globex', month: '2026-02', amount: 7n }],
    ['new 1 5', 'churn 1 -7'],
  ],
])('%s', (_, rows, expected) => {
  expect(moved(rows)).toEqual(expected);
});

const months = ['2025-11', '2025-12', '2026-01', '2026-02'] as const;
const rows = fc.array(
  fc.record({
    tenant: fc.constantFrom('acme', 'globex', 'initech', 'umbrella'),
    month: fc.constantFrom(...months),
    amount: fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }),
  }),
  { maxLength: 30 },
);

test('what moved is the difference from month to month, to the last place, and closing is the next opening', () => {
  fc.assert(
    fc.property(rows, (all) => {
      for (const [index, month] of months.entries()) {
        const { opening, closing, moved: kinds } = movementsOf(all, month);
        const change = movementKinds.reduce((sum, kind) => sum + kinds[kind].amount, 0n);
        expect(opening.amount + change).toBe(closing.amount);
        expect(opening.tenants + kinds.new.tenants + kinds.reactivation.tenants - kinds.churn.tenants).toBe(
          closing.tenants,
        );
        const earned = all.filter((row) => row.month === month).reduce((sum, { amount }) => sum + amount, 0n);
        expect(closing.amount).toBe(earned);
        const next = months[index + 1];
        if (next !== undefined) expect(movementsOf(all, next).opening).toEqual(closing);
      }
    }),
  );
});

test('churn and retention are shares of what the month before held, and unknown where it held nothing', () => {
  const all: readonly MonthRevenue[] = [
    ...acme(['2026-02', 100n], ['2026-03', 130n]),
    { tenant: 'globex', month: '2026-02', amount: 60n },
    { tenant: 'initech', month: '2026-02', amount: 40n },
    { tenant: 'initech', month: '2026-03', amount: 30n },
    { tenant: 'umbrella', month: '2026-03', amount: 1000n },
  ];
  // Of 200, 60 churned and 10 less came; those who were there bring 160.
  expect(ratiosOf(movementsOf(all, '2026-03'))).toEqual({
    customerChurn: 3333,
    revenueChurn: 3500,
    netRetention: 8000,
  });
  expect(ratiosOf(movementsOf(all, '2026-02'))).toEqual({});
});

test('the inputs to a lifetime value count months with revenue only', () => {
  const all = [
    ...acme(['2025-11', 5n], ['2025-12', 0n], ['2026-02', 7n]),
    { tenant: 'globex', month: '2025-12', amount: 0n },
  ];
  expect(lifetimeInputs(all, '2026-03')).toEqual([
    { tenant: 'acme', firstMonth: '2025-11', lastMonth: '2026-02', repeats: 1, recency: 3, age: 4, total: 12n },
  ]);
  expect(lifetimeInputs(all, '2025-11')).toMatchObject([{ repeats: 0, recency: 0, age: 0, total: 5n }]);
});
