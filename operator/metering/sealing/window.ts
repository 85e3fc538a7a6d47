/** The arithmetic of windows: pure, in integers. Times are milliseconds since 1970. */

/** The length of a window unless the operator is told otherwise. */
export const hourSeconds = 3600;

/** A half-open span of time. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** An interval of one meter as the sealer reads it. */
export interface Held {
  readonly openedAt: number;
  readonly closedAt?: number;
  readonly units: number;
  readonly estimated: boolean;
}

/** GPU-milliseconds of the intervals inside the window, and whether an end among them is assumed. */
export function exactMillis(
  intervals: readonly Held[],
  window: Span,
): { readonly exactMs: bigint; readonly estimated: boolean } {
  let exactMs = 0n;
  let estimated = false;
  for (const one of intervals) {
    const from = Math.max(one.openedAt, window.start);
    const to = Math.min(one.closedAt ?? window.end, window.end);
    if (to <= from) continue;
    exactMs += BigInt(to - from) * BigInt(one.units);
    estimated ||= one.estimated && one.closedAt !== undefined && one.closedAt <= window.end;
  }
  return { exactMs, estimated };
}

/** Whole GPU-seconds to emit and the remainder to carry, so that the sum of all emitted is the floor of the true sum. */
export function emit(carryMs: bigint, exactMs: bigint): { readonly quantity: bigint; readonly carryMs: bigint } {
  const total = carryMs + exactMs;
  const rest = ((total % 1000n) + 1000n) % 1000n;
  return { quantity: (total - rest) / 1000n, carryMs: rest };
}

/** The next window after `from` on a grid of `seconds`; never longer than one step, shorter after a change of the step. */
export function nextWindow(from: number, seconds: number): Span {
  const step = seconds * 1000;
  return { start: from, end: Math.floor(from / step) * step + step };
}

/** The first part of a window that is cut at these moments; those outside cut nothing. */
export function firstPart({ start, end }: Span, cuts: readonly number[]): Span {
  return { start, end: Math.min(end, ...cuts.filter((cut) => cut > start)) };
}

/** The last part of a window that is cut at these moments. */
export function lastPart({ start, end }: Span, cuts: readonly number[]): Span {
  return { start: Math.max(start, ...cuts.filter((cut) => cut < end)), end };
}

/** The beginning of the window that holds `at`. */
export function windowStart(at: number, seconds: number): number {
  const step = seconds * 1000;
  return Math.floor(at / step) * step;
}
