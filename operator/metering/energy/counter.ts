/** What a counter of energy says was drawn; pure, in integer millijoules. Times are milliseconds since 1970. */

/** What the counter showed. */
export interface Reading {
  readonly at: number;
  readonly millijoules: bigint;
}

/** Energy over a half-open span. */
export interface Drawn {
  readonly from: number;
  readonly to: number;
  readonly millijoules: bigint;
}

/** Readings further apart say how much was drawn, not when: five minutes, after which Prometheus calls a series stale. */
export const longestGapMillis = 300_000;

/**
 * What was drawn in [from, to), in spans without gaps; readings in the order of time. A counter that fell began again at
 * nothing, so what it shows is what was drawn since: never more than the truth. Between two readings energy flows evenly,
 * and a cut is rounded the same way from both sides, so that neighbouring spans add up to the counter. Readings around
 * `from` and `to` are needed up to the longest gap; time without them is missing from the answer.
 */
export function drawnIn(readings: readonly Reading[], from: number, to: number): readonly Drawn[] {
  const pieces = readings.flatMap((reading, index) => {
    const before = readings[index - 1];
    return before === undefined ? [] : piece(before, reading, from, to);
  });
  const spans: Drawn[] = [];
  for (const one of pieces) {
    const last = spans.at(-1);
    if (last?.to !== one.from) spans.push(one);
    else spans[spans.length - 1] = { from: last.from, to: one.to, millijoules: last.millijoules + one.millijoules };
  }
  return spans;
}

function piece(before: Reading, after: Reading, from: number, to: number): readonly Drawn[] {
  if (after.at - before.at > longestGapMillis) return [];
  const isReset = after.millijoules < before.millijoules;
  const millijoules = isReset ? after.millijoules : after.millijoules - before.millijoules;
  return cut({ from: before.at, to: after.at, millijoules }, from, to);
}

/** The part of a span inside [from, to), as if it was drawn evenly; the parts of a span cut anywhere add up to it. */
export function cut(span: Drawn, from: number, to: number): readonly Drawn[] {
  const [first, last] = [Math.max(span.from, from), Math.min(span.to, to)];
  if (last <= first) return [];
  return [{ from: first, to: last, millijoules: until(span, last) - until(span, first) }];
}

function until({ from, to, millijoules }: Drawn, at: number): bigint {
  return (millijoules * BigInt(at - from)) / BigInt(to - from);
}
