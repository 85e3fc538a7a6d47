import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import { itemKinds } from '../fees/month.ts';
import { parseDecimal } from '../money/decimal.ts';
import type { MonthRevenue } from './movements.ts';

/** What a tenant brought in a month. */
export interface EarnedRow extends MonthRevenue {
  readonly currency: string;
  /** The part of it that usage brought since `since`. */
  readonly recent: bigint;
  /** The part of it that is fees. */
  readonly fees: bigint;
  /** The part of it that comes once a month: fees, and what commitments make of usage. */
  readonly monthly: bigint;
}

/**
 * What the journal says was earned until `end`, by tenant, currency and calendar month (UTC). A charge stands at the end
 * of its window and a fee at that of its month, so what stands at the first moment of a month is of the month before.
 */
export async function readEarned(store: Store, since: Date, end: Date): Promise<readonly EarnedRow[]> {
  const { rows } = await sql<{
    tenant: string;
    currency: string;
    month: string;
    amount: string;
    recent: string;
    fees: string;
    monthly: string;
  }>`
    SELECT t.tenant, t.currency,
      to_char((t.occurred_at - interval '1 microsecond') AT TIME ZONE 'UTC', 'YYYY-MM') AS month,
      sum(-e.amount)::numeric(38,12)::text AS amount,
      coalesce(sum(-e.amount) FILTER (WHERE t.occurred_at > ${since} AND NOT k.monthly), 0)::numeric(38,12)::text
        AS recent,
      coalesce(sum(-e.amount) FILTER (WHERE k.kind = 'fee'), 0)::numeric(38,12)::text AS fees,
      coalesce(sum(-e.amount) FILTER (WHERE k.monthly), 0)::numeric(38,12)::text AS monthly
    FROM journal_tx t JOIN journal_entry e ON e.tx = t.id
      CROSS JOIN LATERAL (SELECT split_part(t.key, '/', 1) AS kind,
        split_part(t.key, '/', 1) = ANY(${[...itemKinds]}::text[]) AS monthly) AS k
    WHERE e.account = 'earnings' AND t.occurred_at <= ${end}
    GROUP BY 1, 2, 3`.execute(store.db);
  return rows.map(({ amount, recent, fees, monthly, ...row }) => ({
    ...{ ...row, amount: parseDecimal(amount), recent: parseDecimal(recent) },
    ...{ fees: parseDecimal(fees), monthly: parseDecimal(monthly) },
  }));
}
