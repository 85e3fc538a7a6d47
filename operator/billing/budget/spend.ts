import { sql } from 'kysely';

import { type Period, periodOf } from '../../metering/index.ts';
import type { Store } from '../../store/index.ts';
import { parseDecimal } from '../money/decimal.ts';
import { marginal, type Rating } from '../rating/rate.ts';
import { readIncluded, readPrice } from '../rating/stored.ts';

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

/** How a kind of device is rated, and what the month has of it already. */
interface Rate {
  readonly rating: Rating;
  readonly before: bigint;
}

/**
 * What a tenant has spent: the charges of sealed windows, and what is neither sealed nor charged yet at the prices in force
 * at the end of the span, as if it were the next window of its month. Undefined while the list has no version in force.
 * What no SKU matches costs nothing.
 */
export async function readSpend(store: Store, { tenant, book, span }: SpendQuestion): Promise<Spend | undefined> {
  const prices = await readPrices(store, tenant, book, span.end);
  if (prices === undefined) return undefined;
  const { currency, rates } = prices;
  let amount = await readCharged(store, tenant, currency, span);
  let perSecond = 0n;
  const used = [...(await readUncharged(store, tenant, span)), ...(await readOpen(store, tenant, span))];
  for (const [device, parts] of Map.groupBy(used, deviceOf)) {
    const rate = rates.get(device);
    if (rate === undefined) continue;
    const quantity = parts.reduce((sum, { seconds }) => sum + BigInt(seconds), 0n);
    const held = parts.reduce((sum, one) => sum + BigInt(one.held), 0n);
    amount += marginal(rate.rating, rate.before, quantity);
    perSecond += marginal(rate.rating, rate.before + quantity, held);
  }
  return { currency, amount, perSecond };
}

function deviceOf({ model, profile }: Pick<Used, 'model' | 'profile'>): string {
  return `${model}\n${profile}`;
}

async function readPrices(
  store: Store,
  tenant: string,
  book: string,
  at: number,
): Promise<{ readonly currency: string; readonly rates: ReadonlyMap<string, Rate> } | undefined> {
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
    .select(['name', 'model', 'profile', 'unit_price', 'tiers'])
    .where('book', '=', book)
    .where('version', '=', version.version)
    .execute();
  const link = await store.db
    .selectFrom('customer_link')
    .select('included')
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  const month = await readMonth(store, tenant, at);
  const rates = skus.map((sku): readonly [string, Rate] => {
    const included = readIncluded(link?.included ?? null, sku.name);
    return [
      deviceOf(sku),
      { rating: { ...readPrice(sku.tiers, sku.unit_price), included }, before: month.get(sku.name) ?? 0n },
    ];
  });
  return { currency: version.currency, rates: new Map(rates) };
}

/** What the month's charges count, by SKU. */
async function readMonth(store: Store, tenant: string, at: number): Promise<ReadonlyMap<string, bigint>> {
  const { start, end } = periodOf('Month', at);
  const { rows } = await sql<{ sku: string; quantity: string }>`
    SELECT c.sku, sum(c.quantity)::text AS quantity FROM charge c JOIN usage_window w ON w.id = c.usage_window_id
    WHERE w.tenant = ${tenant} AND w.window_start >= ${new Date(start)} AND w.window_start < ${new Date(end)}
    GROUP BY c.sku`.execute(store.db);
  return new Map(rows.map(({ sku, quantity }) => [sku, BigInt(quantity)]));
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
