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
