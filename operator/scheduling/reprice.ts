import { setImmediate } from 'node:timers/promises';
import type { Keeper } from './planner/index.ts';

/** Steps after one pass: one cycle of new prices. At 5,000 nodes that is a few hundred milliseconds at most. */
const STEPS = 12;

/**
 * Makes new prices after a pass, when its pods are on their way: no pod of it waits for them. Other work gets its turn
 * between two steps. Answers whether more is owed.
 */
export async function repriceAfter(keeper: Keeper, signal: AbortSignal): Promise<boolean> {
  for (let step = 0; step < STEPS && !signal.aborted; step++) {
    if (!keeper.settle(1)) return false;
    await setImmediate();
  }
  return true;
}
