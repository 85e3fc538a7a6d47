import type { Budget, BudgetStatus } from '../../api/index.ts';
import type { Period } from '../../metering/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import { toMajor } from '../money/price.ts';
import type { Spend } from './spend.ts';

/** How often the numbers are written while the step is the same, in milliseconds. */
const writeMillis = 300_000;

/** What a pass found; times in milliseconds since 1970. */
export interface Counted {
  readonly budget: Budget;
  readonly period: Period;
  readonly at: number;
  readonly spend: Spend;
  readonly action: NonNullable<BudgetStatus['step']>['action'] | undefined;
}

/** Nothing is counted, because a person must change something. */
export function refused(reason: 'TenantMissing' | 'NoPrices' | 'CurrencyDiffers', message: string) {
  return { conditions: [{ type: 'Ready', status: 'False', reason, message }] } satisfies StatusIntent<BudgetStatus>;
}

/**
 * The status of a budget that is counted. Numbers that were written a moment ago stand while the step is the same, so that
 * a budget is not written at every look; a step remembers since when it is reached in this period.
 */
export function counted({ budget, period, at, spend, action }: Counted): StatusIntent<BudgetStatus> {
  const { status: before } = budget;
  const periodStartTime = rfc3339(period.start);
  const isSame = before?.periodStartTime === periodStartTime && before.step?.action === action;
  const message = 'spending is counted against the budget';
  const conditions: readonly ConditionIntent[] = [{ type: 'Ready', status: 'True', reason: 'Counting', message }];
  if (isSame && at - Date.parse(before.observedTime ?? '') < writeMillis) {
    const { spent, periodEndTime, observedTime, step } = before;
    return { spent, periodStartTime, periodEndTime, observedTime, step, conditions };
  }
  const observedTime = rfc3339(at);
  return {
    spent: toMajor(spend.amount, spend.currency),
    periodStartTime,
    periodEndTime: rfc3339(period.end),
    observedTime,
    ...(action !== undefined && { step: isSame && before.step ? before.step : { action, sinceTime: observedTime } }),
    conditions,
  };
}

function rfc3339(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`;
}
