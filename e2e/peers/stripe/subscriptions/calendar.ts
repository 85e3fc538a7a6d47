import type { Recurring } from '../catalog/records.ts';
import type { Period } from '../invoices/records.ts';

const daySeconds = 86_400;
const days = { day: 1, week: 7 } as const;

/** How often, without the price. */
export type Rhythm = Pick<Recurring, 'interval' | 'interval_count'>;

/** When a subscription is to begin its months: each part that is not given is that of `from`. */
export interface AnchorConfig {
  readonly day_of_month: number;
  readonly hour?: number;
  readonly minute?: number;
  readonly second?: number;
}

/** The time `count` intervals after the anchor; the 31st becomes the last day of a shorter month. UTC. */
export function after(anchor: number, { interval, interval_count }: Rhythm, count: number): number {
  const steps = interval_count * count;
  if (interval === 'day' || interval === 'week') return anchor + steps * days[interval] * daySeconds;
  const months = interval === 'month' ? steps : steps * 12;
  const from = new Date(anchor * 1000);
  const first = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + months, 1));
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate();
  const day = Math.min(from.getUTCDate(), last);
  const seconds = anchor % daySeconds;
  return Date.UTC(first.getUTCFullYear(), first.getUTCMonth(), day) / 1000 + seconds;
}

/** The end of the period that `at` is in: the first boundary of the anchor's grid that is later. */
export function boundaryAfter(anchor: number, rhythm: Rhythm, at: number): number {
  let count = 0;
  while (after(anchor, rhythm, count) > at) count -= 1;
  while (after(anchor, rhythm, count) <= at) count += 1;
  return after(anchor, rhythm, count);
}

/** The whole period of the grid that ends at `end`. */
export function periodBefore(anchor: number, rhythm: Rhythm, end: number): Period {
  let count = 0;
  while (after(anchor, rhythm, count) < end) count += 1;
  while (after(anchor, rhythm, count) > end) count -= 1;
  return { start: after(anchor, rhythm, count - 1), end };
}

/** The first time of such a day after `from`. */
export function anchorFrom(config: AnchorConfig, from: number): number {
  const now = new Date(from * 1000);
  const { hour = now.getUTCHours(), minute = now.getUTCMinutes(), second = now.getUTCSeconds() } = config;
  for (let month = 0; ; month += 1) {
    const last = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month + 1, 0)).getUTCDate();
    const day = Math.min(config.day_of_month, last);
    const at = Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + month, day, hour, minute, second) / 1000;
    if (at > from) return at;
  }
}

/** The part of an amount for a part of a period, halves away from zero. */
export function prorated(amount: number, part: number, whole: number): number {
  const exact = (Math.abs(amount) * part) / whole;
  return Math.sign(amount) * Math.floor(exact + 0.5);
}
