import { type Kysely, sql } from 'kysely';

import type { Schema } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import type { Charged, Lot } from './draw.ts';

/** A lot as it is stored. */
export interface StoredLot extends Lot {
  readonly tenant: string;
  readonly currency: string;
  /** What the journal has of it as given, and as lapsed. */
  readonly drawn: bigint;
  readonly lapsed: bigint;
  /** How often the journal has followed it. */
  readonly steps: number;
}

/** The lots of a tenant in all currencies, or of one name. */
export async function readLots(
  db: Kysely<Schema>,
  { tenant, name }: { readonly tenant?: string; readonly name?: string },
): Promise<readonly StoredLot[]> {
  const rows = await db
    .selectFrom('credit_lot')
    .selectAll()
    .$if(tenant !== undefined, (query) => query.where('tenant', '=', tenant ?? ''))
    .$if(name !== undefined, (query) => query.where('name', '=', name ?? ''))
    .orderBy('name')
    .execute();
  return rows.map(({ granted_at, expires_at, amount, drawn, lapsed, ...row }) => ({
    ...row,
    ...{ amount: parseDecimal(amount), drawn: parseDecimal(drawn), lapsed: parseDecimal(lapsed) },
    grantedAt: granted_at.getTime(),
    ...(expires_at !== null && { expiresAt: expires_at.getTime() }),
  }));
}

/** What the tenant's windows cost in a currency, of those that end after `since` (milliseconds since 1970). */
export async function readCharged(
  db: Kysely<Schema>,
  tenant: string,
  currency: string,
  since: number,
): Promise<readonly Charged[]> {
  const rows = await db
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .select(['w.window_start', 'w.window_end', sql<string>`sum(c.amount)::numeric(38,12)`.as('amount')])
    .where('w.tenant', '=', tenant)
    .where('c.currency', '=', currency)
    .where('w.window_end', '>', new Date(since))
    .groupBy(['w.window_start', 'w.window_end'])
    .execute();
  return rows.map(({ window_start, window_end, amount }) => ({
    ...{ start: window_start.getTime(), end: window_end.getTime(), amount: parseDecimal(amount) },
  }));
}

/**
 * What the journal took back from the tenant's usage above a maximum, of months that end after `since` (milliseconds since
 * 1970): each as the last thing of its month, so that it gives back what credit paid of the month.
 */
export async function readTakenBack(
  db: Kysely<Schema>,
  tenant: string,
  currency: string,
  since: number,
): Promise<readonly Charged[]> {
  const { rows } = await sql<{ end: Date; amount: string }>`
    SELECT t.occurred_at AS end, sum(e.amount)::numeric(38,12)::text AS amount
    FROM journal_tx t JOIN journal_entry e ON e.tx = t.id AND e.account = 'accrued'
    WHERE t.tenant = ${tenant} AND t.currency = ${currency} AND t.occurred_at > ${new Date(since)}
      AND starts_with(t.key, 'maximum/')
    GROUP BY 1`.execute(db);
  return rows.map(({ end, amount }) => takenBack(end.getTime(), parseDecimal(amount)));
}

/** What is taken back at the end of a month as the last thing of it. */
export function takenBack(monthEnd: number, amount: bigint): Charged {
  return { start: monthEnd - 1, end: monthEnd, amount };
}
