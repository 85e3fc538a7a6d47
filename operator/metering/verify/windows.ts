import { exactMillis, type Held, type Span } from '../sealing/window.ts';
import type { Mismatch } from './mismatch.ts';

/** What was stated of one tenant and meter in a window, all revisions together. */
export interface StatedSum {
  readonly tenant: string;
  readonly meter: string;
  readonly exactMs: bigint;
  /** Models and profiles of the revisions: one each, unless a row was changed. */
  readonly devices: readonly string[];
}

/** The intervals of one tenant and meter that touch a window. */
export interface HeldSum {
  readonly tenant: string;
  readonly meter: string;
  /** Models and profiles of the intervals. */
  readonly devices: readonly string[];
  readonly intervals: readonly Held[];
}

/**
 * Recomputes a window from its intervals. Of what is in `late`, changes are known and not yet answered by a revision:
 * it is left out. A key is tenant and meter.
 */
export function checkWindow(
  window: Span,
  held: readonly HeldSum[],
  stated: readonly StatedSum[],
  late: ReadonlySet<string>,
): readonly Mismatch[] {
  const sums = new Map(stated.map((one) => [keyOf(one), one]));
  const intervals = new Map(held.map((one) => [keyOf(one), one]));
  const windowStart = new Date(window.start).toISOString();
  const keys = [...new Set([...sums.keys(), ...intervals.keys()])].filter((key) => !late.has(key)).toSorted();
  return keys.flatMap((key): readonly Mismatch[] => {
    const sum = sums.get(key);
    const of = intervals.get(key);
    const { tenant = '', meter = '' } = sum ?? of ?? {};
    const expected = exactMillis(of?.intervals ?? [], window).exactMs;
    const found = sum?.exactMs ?? 0n;
    const at = { tenant, meter, windowStart };
    if (expected !== found) return [{ ...at, kind: 'sum', expected: `${expected} ms`, found: `${found} ms` }];
    const wrong = sum?.devices.find((device) => of !== undefined && !of.devices.includes(device));
    return wrong === undefined ? [] : [{ ...at, kind: 'device', expected: of?.devices.join() ?? '', found: wrong }];
  });
}

/** A revision that states what a person corrected, and what the correction says. */
interface CorrectedRow {
  readonly tenant: string;
  readonly meter: string;
  readonly exactMs: bigint;
  /** Whose usage was corrected, by how many GPU-seconds. */
  readonly corrects: string;
  readonly quantity: bigint;
}

/** No interval answers for a correction: its revision must state what the person said, of whom they said it. */
export function checkCorrections(window: Span, rows: readonly CorrectedRow[]): readonly Mismatch[] {
  const windowStart = new Date(window.start).toISOString();
  return rows.flatMap(({ tenant, meter, exactMs, corrects, quantity }): readonly Mismatch[] => {
    const [expected, found] = [`${corrects} ${quantity * 1000n} ms`, `${tenant} ${exactMs} ms`];
    return expected === found ? [] : [{ tenant, meter, windowStart, kind: 'correction', expected, found }];
  });
}

/** Windows of the grid follow each other without a gap. */
export function checkGrid(before: Span | undefined, window: Span): readonly Mismatch[] {
  if (before === undefined || before.end === window.start) return [];
  const [expected, found] = [before.end, window.start].map((time) => new Date(time).toISOString());
  return [
    { tenant: '', meter: '', windowStart: found ?? '', kind: 'grid', expected: expected ?? '', found: found ?? '' },
  ];
}

/** Tenant and meter as one key. */
export function keyOf({ tenant, meter }: { readonly tenant: string; readonly meter: string }): string {
  return `${tenant}\n${meter}`;
}
