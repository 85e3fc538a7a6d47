import type { GPUHourBudget, GPUHoursUsed, TenantStatus } from '../../api/index.ts';
import type { Period } from './period.ts';

/** How often the count is written while nothing else changes, in milliseconds. */
const WRITE_MILLIS = 300_000;

/** This controller's part of a tenant's status. */
export type BudgetStatus = Pick<TenantStatus, 'gpuHours' | 'freezes'>;

/** What was counted. */
export interface Counted {
  readonly budget: GPUHourBudget;
  readonly period: Period;
  readonly usedSeconds: number;
  /** Up to when, in milliseconds since the epoch. */
  readonly at: number;
}

/**
 * What the status says of a budget: the count, and a freeze until the period ends once the budget is spent. A count that
 * was written a moment ago stands as it is, unless whether the budget is spent has changed.
 */
export function budgetStatus(counted: Counted, before: BudgetStatus = {}): BudgetStatus {
  const { budget, period, usedSeconds, at } = counted;
  const spent = usedSeconds >= budget.limit * 3600;
  const observedTime = rfc3339(at);
  const gpuHours: GPUHoursUsed = { usedSeconds, periodStartTime: rfc3339(period.start), observedTime };
  if (spent === isFrozen(before, period) && isFresh(before, gpuHours, at)) return kept(before);
  if (!spent) return { gpuHours, freezes: [] };
  const hours = Math.floor(usedSeconds / 3600);
  const message = `${hours} GPU-hours are used of the ${budget.limit} that spec.gpuHours allows each ${budget.period.toLowerCase()}; new pods start again at ${rfc3339(period.end)}, or once the limit is raised.`;
  return { gpuHours, freezes: [{ reason: 'GPUHours', message, observedTime, endTime: rfc3339(period.end) }] };
}

function isFrozen({ freezes = [] }: BudgetStatus, period: Period): boolean {
  return freezes.some(({ reason, endTime }) => reason === 'GPUHours' && endTime === rfc3339(period.end));
}

function isFresh({ gpuHours }: BudgetStatus, now: GPUHoursUsed, at: number): boolean {
  if (gpuHours?.periodStartTime !== now.periodStartTime) return false;
  return at - Date.parse(gpuHours.observedTime) < WRITE_MILLIS;
}

/** As it was, without what others wrote beside it. */
function kept({ gpuHours, freezes = [] }: BudgetStatus): BudgetStatus {
  return { gpuHours, freezes: freezes.filter(({ reason }) => reason === 'GPUHours') };
}

function rfc3339(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`;
}
