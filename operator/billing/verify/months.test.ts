import fc from 'fast-check';
import { expect, test } from 'vitest';

import { checkMonth, type MonthCharges } from './months.ts';

const month = (charges: MonthCharges['charges']): MonthCharges => ({
  ...{ tenant: 'acme', sku: 'l4', start: Date.UTC(2026, 0, 1), charges },
});
const found = (charges: MonthCharges['charges']): readonly string[] =>
  checkMonth(month(charges)).map(({ expected }) => expected);

test.each<[string, MonthCharges['charges'], readonly string[]]>([
  ['no charge', [], []],
  ['one that begins at nothing', [{ from: 0n, quantity: 5n }], []],
  ['one that does not', [{ from: 3n, quantity: 5n }], ['a charge that begins at 0 of the month']],
  [
    'a revision that takes back',
    [
      { from: 0n, quantity: 5n },
      { from: 5n, quantity: -5n },
    ],
    [],
  ],
  [
    'two that count from the same',
    [
      { from: 0n, quantity: 5n },
      { from: 0n, quantity: 5n },
    ],
    ['a charge that ends at 0 of the month'],
  ],
  [
    'a gap',
    [
      { from: 0n, quantity: 5n },
      { from: 7n, quantity: 1n },
    ],
    ['a charge that begins at 5 of the month'],
  ],
  [
    'a difference that states no usage',
    [
      { from: 0n, quantity: 5n },
      { from: null, quantity: 0n },
    ],
    [],
  ],
  [
    'the price was flat at first',
    [
      { from: null, quantity: 5n },
      { from: 5n, quantity: 1n },
    ],
    [],
  ],
])('%s', (_, charges, expected) => {
  expect(found(charges)).toEqual(expected);
});

const quantities = fc.array(fc.bigInt({ min: -(10n ** 6n), max: 10n ** 6n }), { minLength: 1, maxLength: 30 });

test('what is charged one after the other fits in any order, and does not once a charge counts from elsewhere', () => {
  fc.assert(
    fc.property(quantities, fc.nat(), fc.bigInt({ min: 1n, max: 10n ** 6n }), (parts, index, off) => {
      let before = 0n;
      const charges = parts.map((quantity) => {
        const from = before;
        before += quantity;
        return { from, quantity };
      });
      expect(found(charges.toReversed())).toEqual([]);
      const at = index % charges.length;
      const moved = charges.map((one, place) => (place === at ? { ...one, from: one.from + off } : one));
      const isSeen = parts[at] !== 0n;
      expect(found(moved).length > 0).toBe(isSeen);
    }),
  );
});
