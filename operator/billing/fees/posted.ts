import { type Kysely, sql } from 'kysely';

import type { Period } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import { itemKinds } from './month.ts';

/** What was posted of one kind of item of a tenant's month; minor units in the scale of money/decimal.ts. */
export interface PostedItem {
  readonly tenant: string;
  readonly kind: string;
  readonly currency: string;
  readonly amount: bigint;
  /** In how many postings. */
  readonly times: number;
}

/** What the journal has of the items of a month, of one tenant or of all. */
export async function readPosted(db: Kysely<Schema>, month: Period, tenant?: string): Promise<readonly PostedItem[]> {
  const { rows } = await sql<Record<'tenant' | 'kind' | 'currency' | 'amount' | 'times', string>>`
    SELECT t.tenant, split_part(t.key, '/', 1) AS kind, t.currency, sum(e.amount)::numeric(38,12)::text AS amount,
      count(*)::text AS times
    FROM journal_tx t JOIN journal_entry e ON e.tx = t.id AND e.account = 'accrued'
    WHERE t.occurred_at = ${new Date(month.end)} AND split_part(t.key, '/', 1) = ANY(${[...itemKinds]}::text[])
      ${tenant === undefined ? sql`` : sql`AND t.tenant = ${tenant}`}
    GROUP BY 1, 2, 3`.execute(db);
  return rows.map(({ amount, times, ...row }) => ({ ...row, amount: parseDecimal(amount), times: Number(times) }));
}
