import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import type { MonthRevenue } from './movements.ts';

/** What a tenant brought in a month. */
export interface EarnedRow extends MonthRevenue {
  readonly currency: string;
  /** The part of it since `since`. */
  readonly recent: bigint;
}

/**
 * What the journal says was earned until `end`, by tenant, currency and calendar month (UTC). A charge stands at the end
 * of its window, so one that stands at the first moment of a month is of the month before.
 */
export async function readEarned(store: Store, since: Date, end: Date): Promise<readonly EarnedRow[]> {
  const { rows } = await sql<{ tenant: string; currency: string; month: string; amount: string; recent: string }>`
    SELECT t.tenant, t.currency,
      to_char((t.occurred_at - interval '1 microsecond') AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
      sum(-e.amount)::numeric(38,12)::text AS amount,
      coalesce(sum(-e.amount) FILTER (WHERE t.occurred_at > ${since}), 0)::numeric(38,12)::text AS recent
    FROM journal_tx t JOIN journal_entry e ON e.tx = t.id
    WHERE e.account = 'earnings' AND t.occurred_at <= ${end}
    GROUP BY 1, 2, 3`.execute(store.db);
  return rows.map((row) => ({ ...row, amount: parseDecimal(row.amount), recent: parseDecimal(row.recent) }));
}
