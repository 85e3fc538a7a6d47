/** How far a budget is spent, and what that demands; pure. Amounts are minor units in the scale of money/decimal.ts. */
import type { BudgetStep } from '../../api/index.ts';

/** What is done, from the mildest. */
export const actions: readonly BudgetStep['action'][] = ['Warn', 'Freeze', 'Evict'];

const soonestMillis = 5_000;
const latestMillis = 60_000;

/** The strongest action whose part of the amount is spent. */
export function reached(steps: readonly BudgetStep[], spent: bigint, amount: bigint): BudgetStep['action'] | undefined {
  const due = steps.filter(({ percent }) => isSpent(percent, spent, amount));
  return actions.findLast((action) => due.some((step) => step.action === action));
}

function isSpent(percent: number, spent: bigint, amount: bigint): boolean {
  return spent * 100n >= amount * BigInt(percent);
}

/**
 * When to count again, in milliseconds from now: as soon as what is held now can have spent the next part, so that a budget
 * is overrun by seconds and an idle tenant is asked about once a minute.
 */
export function recountIn(steps: readonly BudgetStep[], spent: bigint, perSecond: bigint, amount: bigint): number {
  const ahead = steps.filter(({ percent }) => !isSpent(percent, spent, amount));
  if (ahead.length === 0 || perSecond <= 0n) return latestMillis;
  const lowest = ahead.reduce((least, { percent }) => Math.min(least, percent), Number.MAX_SAFE_INTEGER);
  const millis = ((amount * BigInt(lowest) - spent * 100n) * 10n) / perSecond;
  return Math.max(soonestMillis, millis > latestMillis ? latestMillis : Number(millis));
}
