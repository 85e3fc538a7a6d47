import fc from 'fast-check';
import { expect, test } from 'vitest';

import { emit, exactMillis, firstPart, lastPart, nextWindow } from './window.ts';

const second = 1000;
const hour = { start: 0, end: 3600 * second };

test.each([
  ['held all the window', [{ openedAt: -5, closedAt: undefined, units: 1 }], 3_600_000n],
  ['half-open: the end does not count', [{ openedAt: 0, closedAt: second, units: 1 }], 1000n],
  ['units multiply', [{ openedAt: 0, closedAt: second, units: 8 }], 8000n],
  ['ended at the window start', [{ openedAt: -10, closedAt: 0, units: 1 }], 0n],
  ['opened at the window end', [{ openedAt: hour.end, closedAt: undefined, units: 1 }], 0n],
  ['below a second', [{ openedAt: 0, closedAt: 1, units: 1 }], 1n],
] as const)('%s', (_, intervals, expected) => {
  const held = intervals.map((one) => ({ ...one, estimated: false }));
  expect(exactMillis(held, hour).exactMs).toBe(expected);
});

test('the sum of all emitted seconds is the floor of the true sum, at every moment and with revisions', () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: -5_000_000n, max: 9_000_000n }), { maxLength: 60 }), (parts) => {
      let carry = 0n;
      let emitted = 0n;
      let exact = 0n;
      for (const part of parts) {
        const out = emit(carry, part);
        carry = out.carryMs;
        emitted += out.quantity;
        exact += part;
        expect(emitted * 1000n + carry).toBe(exact);
        expect(carry >= 0n && carry < 1000n).toBe(true);
      }
    }),
  );
});

test('windows cut any time into parts that sum to the whole', () => {
  const time = fc.integer({ min: 0, max: 20_000_000 });
  fc.assert(
    fc.property(fc.array(fc.tuple(time, time, fc.integer({ min: 1, max: 8 })), { maxLength: 20 }), (raw) => {
      const held = raw.map(([a, b, units]) => ({
        openedAt: Math.min(a, b),
        closedAt: Math.max(a, b),
        units,
        estimated: false,
      }));
      let sum = 0n;
      for (let at = 0; at < 21_600_000; ) {
        const window = nextWindow(at, 3600);
        sum += exactMillis(held, window).exactMs;
        at = window.end;
      }
      const whole = held.reduce((total, one) => total + BigInt(one.closedAt - one.openedAt) * BigInt(one.units), 0n);
      expect(sum).toBe(whole);
    }),
  );
});

test('a shorter step begins where the grid ended', () => {
  expect(nextWindow(3_600_000, 60)).toEqual({ start: 3_600_000, end: 3_660_000 });
  expect(nextWindow(3_660_000, 3600)).toEqual({ start: 3_660_000, end: 7_200_000 });
});

test.each([
  ['nothing cuts', [], [0, 100], [0, 100]],
  ['a moment inside cuts', [40], [0, 40], [40, 100]],
  ['two moments', [70, 40], [0, 40], [70, 100]],
  ['the bounds are no cuts', [0, 100], [0, 100], [0, 100]],
  ['moments outside', [-5, 130], [0, 100], [0, 100]],
])('%s', (_, cuts, first, last) => {
  const window = { start: 0, end: 100 };
  const bounds = [firstPart(window, cuts), lastPart(window, cuts)].map(({ start, end }) => [start, end]);
  expect(bounds).toEqual([first, last]);
});
