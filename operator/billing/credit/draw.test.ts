import fc from 'fast-check';
import { expect, test } from 'vitest';

import { type Charged, draw, type Lot, sumByLot } from './draw.ts';

const hour = 3_600_000;
const lot = (name: string, amount: bigint, change: Partial<Lot> = {}): Lot => ({
  ...{ name, amount, priority: 50, grantedAt: 0 },
  ...change,
});
/** What the hour with this number cost. */
const cost = (index: number, amount: bigint): Charged => ({
  ...{ start: index * hour, end: (index + 1) * hour, amount },
});

test.each<[string, readonly Lot[], readonly Charged[], Readonly<Record<string, bigint>>]>([
  ['nothing is used', [lot('a', 10n)], [], {}],
  ['less than there is', [lot('a', 10n)], [cost(0, 4n)], { a: 4n }],
  ['more than there is', [lot('a', 10n)], [cost(0, 4n), cost(1, 9n)], { a: 10n }],
  ['the lowest priority first', [lot('a', 10n), lot('b', 10n, { priority: 1 })], [cost(0, 12n)], { b: 10n, a: 2n }],
  [
    'among equals the one that expires first',
    [lot('a', 10n), lot('b', 10n, { expiresAt: 9 * hour }), lot('c', 10n, { expiresAt: 5 * hour })],
    [cost(0, 12n)],
    { c: 10n, b: 2n },
  ],
  [
    'the end of the last window is the expiry',
    [lot('a', 10n, { expiresAt: hour })],
    [cost(0, 4n), cost(1, 4n)],
    { a: 4n },
  ],
  [
    'granted in the middle of a window',
    [lot('a', 10n, { grantedAt: hour + 1 })],
    [cost(0, 4n), cost(1, 3n)],
    { a: 3n },
  ],
  ['a correction of the same window', [lot('a', 10n)], [cost(0, 8n), cost(0, -3n)], { a: 5n }],
  [
    'a window that gives back',
    [lot('a', 5n), lot('b', 5n, { priority: 60 })],
    [cost(0, 8n), cost(1, -4n)],
    { a: 4n, b: 0n },
  ],
  ['no more comes back than was given', [lot('a', 5n)], [cost(0, 2n), cost(1, -4n)], { a: 0n }],
])('%s', (_, lots, charged, expected) => {
  expect(Object.fromEntries(sumByLot(draw(lots, charged)))).toEqual(expected);
});

const lots = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    amount: fc.bigInt({ min: 0n, max: 10n ** 20n }),
    priority: fc.integer({ min: 0, max: 2 }),
    grantedAt: fc.integer({ min: 0, max: 10 * hour }),
    expiresAt: fc.option(fc.integer({ min: 0, max: 20 * hour }), { nil: undefined }),
  }),
  { selector: ({ name }) => name },
);
const charges = (min: bigint) =>
  fc.array(
    fc
      .tuple(fc.integer({ min: 0, max: 20 }), fc.bigInt({ min, max: 10n ** 20n }))
      .map(([index, amount]) => cost(index, amount)),
  );

test('no lot gives more than it has or gets back more than it gave, after every window', () => {
  fc.assert(
    fc.property(lots, charges(-(10n ** 20n)), (of, charged) => {
      const given = new Map<string, bigint>();
      for (const { lot: name, amount } of draw(of, charged)) {
        const now = (given.get(name) ?? 0n) + amount;
        given.set(name, now);
        const limit = of.find((one) => one.name === name)?.amount ?? -1n;
        expect(now >= 0n && now <= limit).toBe(true);
      }
    }),
  );
});

test('the order in which charges come changes nothing', () => {
  const mixed = fc.tuple(lots, charges(-(10n ** 20n))).chain(([of, charged]) =>
    fc.record({
      of: fc.constant(of),
      charged: fc.constant(charged),
      shuffled: fc.shuffledSubarray(charged, { minLength: charged.length }),
    }),
  );
  fc.assert(
    fc.property(mixed, ({ of, charged, shuffled }) => {
      expect(draw(of.toReversed(), shuffled)).toEqual(draw(of, charged));
    }),
  );
});

test('what lots give is never more than the usage they cover, and all of it while they last', () => {
  fc.assert(
    fc.property(lots, charges(0n), (of, charged) => {
      const whole = of.map((one) => ({ ...one, grantedAt: 0, expiresAt: undefined }));
      const used = charged.reduce((sum, { amount }) => sum + amount, 0n);
      const there = whole.reduce((sum, { amount }) => sum + amount, 0n);
      const given = [...sumByLot(draw(whole, charged)).values()].reduce((sum, amount) => sum + amount, 0n);
      expect(given === used ? used <= there : given === there && there < used).toBe(true);
    }),
  );
});
