import type { GPUHourBudget } from '../../api/index.ts';

const DAY = 86_400_000;

/** A half-open span of time in milliseconds since the epoch. */
export interface Period {
  readonly start: number;
  readonly end: number;
}

/** The UTC day, the week from Monday or the calendar month that holds a time. */
export function periodOf(period: GPUHourBudget['period'], now: number): Period {
  const time = new Date(now);
  const [year, month] = [time.getUTCFullYear(), time.getUTCMonth()];
  const today = Date.UTC(year, month, time.getUTCDate());
  if (period === 'Day') return { start: today, end: today + DAY };
  if (period === 'Month') return { start: Date.UTC(year, month, 1), end: Date.UTC(year, month + 1, 1) };
  const monday = today - ((time.getUTCDay() + 6) % 7) * DAY;
  return { start: monday, end: monday + 7 * DAY };
}
