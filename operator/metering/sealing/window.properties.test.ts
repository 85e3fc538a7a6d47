import fc from 'fast-check';
import { expect, test } from 'vitest';

import { emit, exactMillis, type Held, nextWindow, type Span, windowStart } from './window.ts';

const day = 86_400_000;
const runs = { numRuns: 300 };

/** A moment of two days, to the millisecond. */
const moment = fc.integer({ min: 0, max: 2 * day });
const step = fc.constantFrom(60, 900, 3600, 86_400);
/** Intervals that may be open, empty, or on the edges of windows. */
const interval: fc.Arbitrary<Held> = fc
  .tuple(moment, fc.integer({ min: 0, max: day }), fc.integer({ min: 1, max: 16 }), fc.boolean(), fc.boolean())
  .map(([openedAt, length, units, isOpen, estimated]) => ({
    openedAt,
    closedAt: isOpen ? undefined : openedAt + length,
    units,
    estimated,
  }));
const closed = interval.map((one) => ({ ...one, closedAt: one.closedAt ?? one.openedAt + 1 }));

/** Windows from `from` until the last one reaches `to`; the length of a window may change on the way. */
function grid(from: number, to: number, steps: readonly number[]): readonly Span[] {
  const windows: Span[] = [];
  let at = from;
  for (let turn = 0; at < to; turn += 1) {
    const window = nextWindow(at, steps[Math.floor(turn / 40) % steps.length] ?? 3600);
    windows.push(window);
    at = window.end;
  }
  return windows;
}

const exact = (intervals: readonly Held[], window: Span): bigint => exactMillis(intervals, window).exactMs;
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

test('a grid has no gaps and no overlaps, and each window ends where the step says, whatever the step was before', () => {
  fc.assert(
    fc.property(moment, fc.array(step, { minLength: 1, maxLength: 3 }), (from, steps) => {
      const windows = grid(windowStart(from, 60), 2 * day + 1, steps);
      for (const [at, window] of windows.entries()) {
        expect(window.end).toBeGreaterThan(window.start);
        if (at > 0) expect(window.start).toBe(windows[at - 1]?.end);
        const seconds = steps[Math.floor(at / 40) % steps.length] ?? 0;
        expect(window.end % (seconds * 1000)).toBe(0);
        expect(window.end - window.start).toBeLessThanOrEqual(seconds * 1000);
      }
    }),
    runs,
  );
});

test('the windows of a grid hold, together, exactly what the intervals hold', () => {
  fc.assert(
    fc.property(fc.array(closed, { maxLength: 12 }), fc.array(step, { minLength: 1, maxLength: 3 }), (all, steps) => {
      const windows = grid(0, 3 * day + 1, steps);
      const held = sum(all.map(({ openedAt, closedAt, units }) => BigInt(closedAt - openedAt) * BigInt(units)));
      expect(sum(windows.map((window) => exact(all, window)))).toBe(held);
    }),
    runs,
  );
});

test('an open interval holds all of every window after it began', () => {
  fc.assert(
    fc.property(moment, fc.integer({ min: 1, max: 16 }), step, (openedAt, units, seconds) => {
      const windows = grid(0, 3 * day, [seconds]);
      const one = { openedAt, units, estimated: false };
      const end = windows.at(-1)?.end ?? 0;
      expect(sum(windows.map((window) => exact([one], window)))).toBe(BigInt(end - openedAt) * BigInt(units));
    }),
    runs,
  );
});

test('cutting an interval in two, and the order of intervals, change nothing', () => {
  fc.assert(
    fc.property(fc.array(closed, { minLength: 1, maxLength: 8 }), moment, fc.nat(), (all, cut, at) => {
      const window = { start: 0, end: 3 * day };
      const index = at % all.length;
      const pieces = all.flatMap((one, place) => {
        if (place !== index || cut <= one.openedAt || cut >= one.closedAt) return [one];
        return [
          { ...one, openedAt: cut },
          { ...one, closedAt: cut },
        ];
      });
      expect(exact(pieces.toReversed(), window)).toBe(exact(all, window));
    }),
    runs,
  );
});

test('what is emitted is the floor of what is true at every moment, with corrections that take away', () => {
  const amount = fc.bigInt({ min: -(10n ** 15n), max: 10n ** 15n });
  fc.assert(
    fc.property(fc.array(amount, { maxLength: 60 }), (amounts) => {
      let carryMs = 0n;
      let emitted = 0n;
      let truth = 0n;
      for (const exactMs of amounts) {
        const row = emit(carryMs, exactMs);
        carryMs = row.carryMs;
        emitted += row.quantity;
        truth += exactMs;
        expect(carryMs >= 0n && carryMs < 1000n).toBe(true);
        expect(emitted * 1000n + carryMs).toBe(truth);
      }
    }),
    runs,
  );
});

test('revisions that state the difference to what was stated lead to the last truth, whatever was thought before', () => {
  fc.assert(
    fc.property(fc.array(fc.array(interval, { maxLength: 6 }), { minLength: 1, maxLength: 6 }), (thoughts) => {
      const windows = grid(0, 2 * day, [3600]);
      for (const window of windows) {
        let stated = 0n;
        for (const thought of thoughts) stated += exact(thought, window) - stated;
        expect(stated).toBe(exact(thoughts.at(-1) ?? [], window));
      }
    }),
    { numRuns: 60 },
  );
});
