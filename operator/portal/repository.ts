import { type Selectable, sql, type Transaction } from 'kysely';

import type { PriceSkuTable, Schema } from '../store/index.ts';

/** Half-open, RFC 3339. */
export interface Span {
  readonly from: string;
  readonly to: string;
}

/** Where a page begins, after the last item of the one before. */
export type Position = readonly string[];

/** A page of items, and where the next begins. */
export interface Paged<T> {
  readonly items: readonly T[];
  readonly next: Position | undefined;
}

const buckets = {
  window: sql<Date>`w.window_start`,
  hour: sql<Date>`date_trunc('hour', w.window_start AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`,
  day: sql<Date>`date_trunc('day', w.window_start AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'`,
};

/** How usage is added up. */
export type Bucket = keyof typeof buckets;

// No query here names a tenant: row-level security shows the rows of the transaction's own, and nothing else exists for it.

/** Sealed usage by bucket and meter. */
export async function readUsage(
  trx: Transaction<Schema>,
  { from, to }: Span,
  by: Bucket,
  limit: number,
  after: Position | undefined,
) {
  const start = buckets[by];
  const [afterStart, afterMeter] = after ?? [];
  const rows = await trx
    .selectFrom('usage_window as w')
    .select([start.as('start'), 'w.meter', 'w.model', 'w.profile'])
    .select([
      sql<string>`sum(w.quantity)`.as('quantity'),
      sql<string>`coalesce(sum(w.quantity) FILTER (WHERE w.estimated), 0)`.as('estimated'),
    ])
    .where('w.window_start', '>=', new Date(from))
    .where('w.window_start', '<', new Date(to))
    .$if(afterStart !== undefined, (query) =>
      query.where(sql<boolean>`(${start}, w.meter) > (${afterStart}::timestamptz, ${afterMeter}::text)`),
    )
    .groupBy([start, 'w.meter', 'w.model', 'w.profile'])
    .orderBy(start)
    .orderBy('w.meter')
    .limit(limit + 1)
    .execute();
  return paged(rows, limit, (row) => [row.start.toISOString(), row.meter]);
}

/** The end of the last sealed window, of any tenant; null before the first. */
export async function readSealedThrough(trx: Transaction<Schema>): Promise<Date | null> {
  const row = await trx
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('end'))
    .executeTakeFirst();
  return row?.end ?? null;
}

/** What usage costs, by price. */
export async function readCharges(trx: Transaction<Schema>, { from, to }: Span) {
  return await trx
    .selectFrom('usage_window as w')
    .leftJoin('charge as c', 'c.usage_window_id', 'w.id')
    .select(['c.sku', 'c.book', 'c.version', 'c.currency', 'c.unit_price'])
    .select([sql<string>`sum(w.quantity)`.as('quantity'), sql<string>`coalesce(sum(c.amount), 0)`.as('amount')])
    .select(sql<boolean>`coalesce(bool_or(c.rated_from IS NOT NULL), false)`.as('tiered'))
    .where('w.window_start', '>=', new Date(from))
    .where('w.window_start', '<', new Date(to))
    .groupBy(['c.sku', 'c.book', 'c.version', 'c.currency', 'c.unit_price'])
    .orderBy('c.currency')
    .orderBy('c.sku')
    .orderBy('c.version')
    .execute();
}

/** Invoices as the provider stated them last, newest period first. */
export async function readInvoices(trx: Transaction<Schema>, limit: number, after: Position | undefined) {
  const [afterEnd, afterInvoice] = after ?? [];
  const rows = await trx
    .selectFrom('invoice_mirror')
    .selectAll()
    .$if(afterEnd !== undefined, (query) =>
      query.where(sql<boolean>`(period_end, invoice) < (${afterEnd}::timestamptz, ${afterInvoice}::text)`),
    )
    .orderBy('period_end', 'desc')
    .orderBy('invoice', 'desc')
    .limit(limit + 1)
    .execute();
  return paged(rows, limit, (row) => [row.period_end.toISOString(), row.invoice]);
}

/** Who charges the tenant, by which list, and what his plan includes. */
export async function readLink(trx: Transaction<Schema>) {
  return await trx.selectFrom('customer_link').select(['provider', 'customer', 'book', 'included']).executeTakeFirst();
}

/** A price of a list as it is stored. */
export type PricedSku = Pick<
  Selectable<PriceSkuTable>,
  'name' | 'model' | 'profile' | 'per_hour' | 'unit_price' | 'tiers'
>;

/** The version of a price list that is in force, with its prices. */
export async function readPrices(trx: Transaction<Schema>, book: string, now: Date) {
  const version = await trx
    .selectFrom('price_book')
    .select(['version', 'currency', 'effective_from'])
    .where('book', '=', book)
    .where('effective_from', '<=', now)
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (version === undefined) return undefined;
  const skus: readonly PricedSku[] = await trx
    .selectFrom('price_sku')
    .select(['name', 'model', 'profile', 'per_hour', 'unit_price', 'tiers'])
    .where('book', '=', book)
    .where('version', '=', version.version)
    .orderBy('name')
    .execute();
  return { ...version, skus };
}

/** Subscriptions as the provider stated them last. */
export async function readSubscriptions(trx: Transaction<Schema>) {
  return await trx
    .selectFrom('subscription_mirror')
    .select(['subscription', 'status', 'period_start', 'period_end'])
    .orderBy('subscription')
    .limit(100)
    .execute();
}

function paged<T>(rows: readonly T[], limit: number, position: (row: T) => Position): Paged<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? position(last) : undefined };
}
