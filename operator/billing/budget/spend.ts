import { sql } from 'kysely';

import type { Period } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';

/** What usage costs by local rating; amounts in minor units, in the scale of money/decimal.ts. */
export interface Spend {
  readonly currency: string;
  readonly amount: bigint;
  /** What the allocations that are open now add each second. */
  readonly perSecond: bigint;
}

/** Whose usage of which time, rated by which list where nothing was charged for it. */
export interface SpendQuestion {
  readonly tenant: string;
  readonly book: string;
  /** Up to when usage was seen, from the period's start; milliseconds since 1970. */
  readonly span: Period;
}

/** Units of one kind of device: seconds of them, and how many are held now. */
interface Used {
  readonly model: string;
  readonly profile: string;
  readonly seconds: string;
  readonly held: string;
}

/**
 * What a tenant has spent: the charges of sealed windows, and what is neither sealed nor charged yet at the prices in force
 * at the end of the span. Undefined while the list has no version in force. What no SKU matches costs nothing.
 */
export async function readSpend(store: Store, { tenant, book, span }: SpendQuestion): Promise<Spend | undefined> {
  const prices = await readPrices(store, book, span.end);
  if (prices === undefined) return undefined;
  const { currency, unitPrices } = prices;
  const charged = await readCharged(store, tenant, currency, span);
  const used = [...(await readUncharged(store, tenant, span)), ...(await readOpen(store, tenant, span))];
  const priceOf = ({ model, profile }: Used): bigint => unitPrices.get(`${model}\n${profile}`) ?? 0n;
  return {
    currency,
    amount: used.reduce((sum, one) => sum + BigInt(one.seconds) * priceOf(one), charged),
    perSecond: used.reduce((sum, one) => sum + BigInt(one.held) * priceOf(one), 0n),
  };
}

async function readPrices(
  store: Store,
  book: string,
  at: number,
): Promise<{ readonly currency: string; readonly unitPrices: ReadonlyMap<string, bigint> } | undefined> {
  const version = await store.db
    .selectFrom('price_book')
    .select(['version', 'currency'])
    .where('book', '=', book)
    .where('effective_from', '<=', new Date(at))
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (version === undefined) return undefined;
  const skus = await store.db
    .selectFrom('price_sku')
    .select(['model', 'profile', 'unit_price'])
    .where('book', '=', book)
    .where('version', '=', version.version)
    .execute();
  const unitPrices = new Map(skus.map((sku) => [`${sku.model}\n${sku.profile}`, parseDecimal(sku.unit_price)]));
  return { currency: version.currency, unitPrices };
}

async function readCharged(store: Store, tenant: string, currency: string, { start, end }: Period): Promise<bigint> {
  const { rows } = await sql<{ amount: string }>`
    SELECT coalesce(sum(c.amount), 0)::text AS amount FROM charge c JOIN usage_window w ON w.id = c.usage_window_id
    WHERE w.tenant = ${tenant} AND w.window_start >= ${new Date(start)} AND w.window_start < ${new Date(end)}
      AND c.currency = ${currency}`.execute(store.db);
  return parseDecimal(rows[0]?.amount ?? '0');
}

async function readUncharged(store: Store, tenant: string, { start, end }: Period): Promise<readonly Used[]> {
  const { rows } = await sql<Used>`
    SELECT w.model, w.profile, sum(w.quantity)::text AS seconds, '0' AS held
    FROM usage_window w LEFT JOIN charge c ON c.usage_window_id = w.id
    WHERE w.tenant = ${tenant} AND w.window_start >= ${new Date(start)} AND w.window_start < ${new Date(end)}
      AND c.usage_window_id IS NULL
    GROUP BY w.model, w.profile`.execute(store.db);
  return rows;
}

/** What is held after the last sealed window: metered, and not yet stated. */
async function readOpen(store: Store, tenant: string, { start, end }: Period): Promise<readonly Used[]> {
  const { rows } = await sql<Used>`
    WITH open AS (SELECT greatest(${new Date(start)}, max(window_end)) AS from_at FROM sealed_grid)
    SELECT i.model, i.profile,
      floor(sum(i.units * greatest(0, extract(epoch FROM
        least(coalesce(i.closed_at, ${new Date(end)}), ${new Date(end)}) - greatest(i.opened_at, open.from_at)))))::text AS seconds,
      (sum(i.units) FILTER (WHERE i.closed_at IS NULL))::text AS held
    FROM alloc_interval i CROSS JOIN open
    WHERE i.tenant = ${tenant} AND i.opened_at < ${new Date(end)} AND (i.closed_at IS NULL OR i.closed_at > open.from_at)
    GROUP BY i.model, i.profile`.execute(store.db);
  return rows.map(({ held, ...rest }) => ({ ...rest, held: held ?? '0' }));
}
