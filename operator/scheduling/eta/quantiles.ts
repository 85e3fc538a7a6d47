import type { RunTime } from '../planner/index.ts';

/** Runs from which on a history is more than a hint. */
const ENOUGH = 8;

/**
 * Quantiles of run times that were seen, in milliseconds. Of few the larger ones count for more, so that p90 is not too
 * early: the nearest rank of n + 1. Undefined of none.
 */
export function runTimeOf(seen: readonly number[]): RunTime | undefined {
  if (seen.length === 0) return undefined;
  const sorted = [...seen].sort((left, right) => left - right);
  const rank = (part: number): number =>
    sorted[Math.min(sorted.length, Math.ceil(part * (sorted.length + 1))) - 1] ?? 0;
  return { p50: rank(0.5), p90: rank(0.9), basis: sorted.length >= ENOUGH ? 'history' : 'low' };
}
