import { sql, type Transaction } from 'kysely';

import { periodOf } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import { cost, dependsOnPeriod, type Rating } from './rate.ts';

/** A window to rate. */
export interface Rateable {
  readonly id: bigint;
  readonly tenant: string;
  readonly sku: string;
  /** Milliseconds since 1970. */
  readonly start: number;
  readonly quantity: bigint;
  readonly rating: Rating;
}

/** What a window costs. */
export interface Rated {
  readonly amount: bigint;
  /** What its amount rests on where its period matters: what the period held before it, and what was included in that. */
  readonly within?: { readonly from: bigint; readonly included: bigint };
}

/**
 * Rates windows by the calendar months (UTC) in which they begin, in the transaction that writes their charges. Those that
 * are charged already must not be among them, and nobody else may charge meanwhile: both would rate from one count.
 */
export async function rateWindows(
  trx: Transaction<Schema>,
  windows: readonly Rateable[],
): Promise<ReadonlyMap<bigint, Rated>> {
  const counts = new Map<string, bigint>();
  const rated = new Map<bigint, Rated>();
  for (const window of windows) {
    const { id, rating, quantity } = window;
    if (!dependsOnPeriod(rating)) {
      rated.set(id, { amount: cost(rating, 0n, quantity) });
      continue;
    }
    const month = periodOf('Month', window.start);
    const key = `${window.tenant}\n${window.sku}\n${month.start}`;
    const from = counts.get(key) ?? (await countOf(trx, window, month));
    rated.set(id, { amount: cost(rating, from, quantity), within: { from, included: rating.included } });
    counts.set(key, from + quantity);
  }
  return rated;
}

async function countOf(
  trx: Transaction<Schema>,
  { tenant, sku }: Rateable,
  { start, end }: { readonly start: number; readonly end: number },
): Promise<bigint> {
  const { rows } = await sql<{ quantity: string }>`
    SELECT coalesce(sum(c.quantity), 0)::text AS quantity
    FROM charge c JOIN usage_window w ON w.id = c.usage_window_id
    WHERE w.tenant = ${tenant} AND c.sku = ${sku}
      AND w.window_start >= ${new Date(start)} AND w.window_start < ${new Date(end)}`.execute(trx);
  return BigInt(rows[0]?.quantity ?? '0');
}
