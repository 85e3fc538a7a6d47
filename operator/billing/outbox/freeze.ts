import { sql, type Transaction } from 'kysely';

import type { SealedUsage } from '../../metering/index.ts';
import type { Corrections, Schema } from '../../store/index.ts';
import { post } from '../journal/post.ts';
import { formatDecimal } from '../money/decimal.ts';
import { type Rated, rateWindows } from '../rating/period.ts';
import { readIncluded, readPrice, type TieredPrice } from '../rating/stored.ts';
import { eventNameOf, type Ingestion, ingestionOf, readIngestion } from './event-name.ts';
import { type EventIdentity, identifierOf } from './identifier.ts';

/** What freezing needs of a sealed window; times in milliseconds since 1970. */
export type Window = Pick<
  SealedUsage,
  'id' | 'tenant' | 'meter' | 'model' | 'profile' | 'window' | 'revision' | 'quantity'
>;

interface Price {
  readonly sku: string;
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  /** That of the first tier where the price is in tiers. */
  readonly unitPrice: string;
  readonly tiered: TieredPrice;
}

interface Payer {
  readonly provider: string;
  readonly customer: string;
  readonly book: string;
  readonly mode: 'test' | 'live';
  readonly account: string;
  readonly ingestion: Ingestion;
  /** What his plan includes, as it is stored. */
  readonly included: string | null;
  /** What his plan says of late usage. */
  readonly corrections: Corrections | null;
}

/** A window with what it costs and who pays. */
interface Priced {
  readonly window: Window;
  readonly payer: Payer;
  readonly price: Price;
  /** GPU-seconds of the SKU that his month includes. */
  readonly included: bigint;
}

/** Rows of one INSERT: 9 parameters each stay far below PostgreSQL's 65,535. */
const batchRows = 1000;
/** Serialises what charges windows: the sealer and the backlog; any constant that nobody else uses does. */
const advisoryLock = 7_305_522n;

/**
 * Freezes what sealed windows cost and what is sent for them, in the transaction that seals them.
 * A window whose tenant, price or provider is not known yet stays for `freezeBacklog`.
 */
export async function freezeSealed(trx: Transaction<Schema>, windows: readonly Window[]): Promise<void> {
  const payers = await readPayers(trx, windows);
  const prices = new Map<string, Price | undefined>();
  const priced: Priced[] = [];
  const left: Window[] = [];
  for (const window of windows) {
    const earlier = await readEarlier(trx, window);
    const payer = earlier?.payer ?? payers.get(window.tenant);
    const price = earlier?.price ?? (payer && (await priceOf(trx, window, payer.book, prices)));
    if (payer === undefined || price === undefined) left.push(window);
    else priced.push({ window, payer, price, included: earlier?.included ?? readIncluded(payer.included, price.sku) });
  }
  await leave(trx, left);
  for (let from = 0; from < priced.length; from += batchRows) {
    await write(trx, priced.slice(from, from + batchRows));
  }
}

async function priceOf(
  trx: Transaction<Schema>,
  window: Window,
  book: string,
  prices: Map<string, Price | undefined>,
): Promise<Price | undefined> {
  const key = [book, window.window.start, window.model, window.profile].join('\n');
  // That there is none is remembered too.
  if (!prices.has(key)) prices.set(key, await priceInForce(trx, window, book));
  return prices.get(key);
}

/** Keeps what could not be priced for `freezeBacklog`, in the transaction that seals it. */
async function leave(trx: Transaction<Schema>, windows: readonly Window[]): Promise<void> {
  const rows = windows.map(({ id, tenant, model, profile, window }) => {
    return { usage_window_id: id, tenant, model, profile, window_start: new Date(window.start) };
  });
  for (let from = 0; from < rows.length; from += batchRows) {
    await trx
      .insertInto('unfrozen_window')
      .values(rows.slice(from, from + batchRows))
      .onConflict((conflict) => conflict.column('usage_window_id').doNothing())
      .execute();
  }
}

/** Writes the charges that are not there yet, their places in the journal, and one outbox row for each that has something to send. */
async function write(trx: Transaction<Schema>, all: readonly Priced[]): Promise<void> {
  const priced = await uncharged(trx, all);
  if (priced.length === 0) return;
  const rated = await rateWindows(trx, priced.map(rateable));
  await trx
    .insertInto('charge')
    .values(priced.map((one) => chargeOf(one, rated.get(one.window.id))))
    .execute();
  await accrue(trx, priced, rated);
  const sent = priced.filter(({ window }) => window.quantity !== 0n);
  const identifiers = await identify(trx, sent);
  const rows = sent.map(({ window, payer, price }) => ({
    usage_window_id: window.id,
    provider: payer.provider,
    identifier: identifiers.get(window.id) ?? '',
    event_name: eventNameOf(price.sku, payer.ingestion),
    customer: payer.customer,
    event_at: new Date(window.window.end - 1000),
    quantity: window.quantity,
    state: 'PENDING' as const,
    corrections: payer.corrections,
  }));
  if (rows.length > 0) await trx.insertInto('outbox').values(rows).execute();
}

/** Without those that another transaction has charged; one that charges now is waited for, also because it counts. */
async function uncharged(trx: Transaction<Schema>, priced: readonly Priced[]): Promise<readonly Priced[]> {
  const ids = priced.map(({ window }) => window.id);
  await sql`SELECT pg_advisory_xact_lock(${advisoryLock})`.execute(trx);
  const charged = await trx
    .selectFrom('charge')
    .select('usage_window_id')
    .where('usage_window_id', 'in', ids)
    .execute();
  const known = new Set(charged.map(({ usage_window_id }) => usage_window_id));
  return priced.filter(({ window }) => !known.has(window.id));
}

function rateable({ window, price, included }: Priced) {
  const rating = { ...price.tiered, included };
  const { id, tenant, quantity } = window;
  return { id, tenant, sku: price.sku, start: window.window.start, quantity, rating };
}

function chargeOf({ window, price }: Priced, rated: Rated | undefined) {
  return {
    usage_window_id: window.id,
    tenant: window.tenant,
    sku: price.sku,
    book: price.book,
    version: price.version,
    currency: price.currency,
    unit_price: price.unitPrice,
    quantity: window.quantity,
    amount: formatDecimal(rated?.amount ?? 0n),
    rated_from: rated?.within?.from ?? null,
    included: rated?.within?.included ?? null,
  };
}

/** What a window costs is earned when it is rated; the invoice comes later. */
async function accrue(
  trx: Transaction<Schema>,
  priced: readonly Priced[],
  rated: ReadonlyMap<bigint, Rated>,
): Promise<void> {
  await post(
    trx,
    priced.map(({ window, price }) => ({
      kind: 'charge',
      subject: String(window.id),
      tenant: window.tenant,
      currency: price.currency,
      occurredAt: window.window.end,
      amount: rated.get(window.id)?.amount ?? 0n,
    })),
  );
}

/** The identifiers by window. Where tenants share a customer, those after the first have their names in theirs. */
async function identify(trx: Transaction<Schema>, sent: readonly Priced[]): Promise<ReadonlyMap<bigint, string>> {
  if (sent.length === 0) return new Map();
  const plain = sent.map((one) => ({ one, identifier: identifierOf(identityOf(one)) }));
  const known = await trx
    .selectFrom('outbox')
    .select('identifier')
    .where(
      'identifier',
      'in',
      plain.map(({ identifier }) => identifier),
    )
    .execute();
  const taken = new Set(known.map(({ identifier }) => identifier));
  const identifiers = new Map<bigint, string>();
  for (const { one, identifier } of plain) {
    const { tenant, id } = one.window;
    identifiers.set(id, taken.has(identifier) ? identifierOf({ ...identityOf(one), tenant }) : identifier);
    taken.add(identifier);
  }
  return identifiers;
}

function identityOf({ window: { window, revision }, payer, price }: Priced): EventIdentity {
  const { account, mode, customer, ingestion } = payer;
  const eventName = eventNameOf(price.sku, ingestion);
  return { account, mode, eventName, customer, start: window.start / 1000, end: window.end / 1000, revision };
}

/** What is known of a window's earlier revisions: a revision costs the same, whatever the list says now. */
interface Earlier {
  readonly price: Price;
  /** Absent where a charge of before 0022 does not say it. */
  readonly included?: bigint;
  /** Who got them; absent where nothing was sent. */
  readonly payer?: Payer;
}

/** The earlier revisions of a window: who paid for them is who gets the difference, whoever is charged by now. */
async function readEarlier(trx: Transaction<Schema>, window: Window): Promise<Earlier | undefined> {
  if (window.revision === 1) return undefined;
  const row = await trx
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'w.id')
    .leftJoin('billing_account as a', 'a.provider', 'o.provider')
    .leftJoin('customer_link as l', 'l.tenant', 'w.tenant')
    .leftJoin('price_sku as s', (join) =>
      join.onRef('s.book', '=', 'c.book').onRef('s.version', '=', 'c.version').onRef('s.name', '=', 'c.sku'),
    )
    .select(['c.sku', 'c.book', 'c.version', 'c.currency', 'c.unit_price', 'c.rated_from', 's.tiers'])
    .select(['c.included as charged', 'l.included', 'l.corrections'])
    .select(['o.provider', 'o.customer', 'o.event_name', 'a.mode', 'a.account'])
    .where('w.tenant', '=', window.tenant)
    .where('w.meter', '=', window.meter)
    .where('w.window_start', '=', new Date(window.window.start))
    .orderBy('o.id', (order) => order.asc().nullsLast())
    .orderBy('w.revision')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const {
    sku,
    book,
    version,
    currency,
    unit_price: unitPrice,
    provider,
    customer,
    account,
    included,
    corrections,
  } = row;
  const price = { sku, book, version, currency, unitPrice, tiered: readPrice(row.tiers, unitPrice) };
  const earlier = { price, included: includedIn(row) };
  if (provider === null || customer === null || account === null) return earlier;
  const mode = row.mode === 'live' ? 'live' : 'test';
  const ingestion = ingestionOf(row.event_name ?? '');
  return { ...earlier, payer: { provider, customer, book, account, included, corrections, mode, ingestion } };
}

/** What a charge says was included: nothing where its price did not depend on the month. */
function includedIn(row: { readonly rated_from: string | null; readonly charged: string | null }): bigint | undefined {
  if (row.rated_from === null) return 0n;
  return row.charged === null ? undefined : BigInt(row.charged);
}

/** The price of the highest version that is in force at the window's start. */
async function priceInForce(trx: Transaction<Schema>, window: Window, book: string): Promise<Price | undefined> {
  const version = await trx
    .selectFrom('price_book')
    .select(['version', 'currency'])
    .where('book', '=', book)
    .where('effective_from', '<=', new Date(window.window.start))
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (version === undefined) return undefined;
  const sku = await trx
    .selectFrom('price_sku')
    .select(['name', 'unit_price', 'tiers'])
    .where('book', '=', book)
    .where('version', '=', version.version)
    .where('model', '=', window.model)
    .where('profile', '=', window.profile)
    .executeTakeFirst();
  if (sku === undefined) return undefined;
  const { name, unit_price: unitPrice, tiers } = sku;
  return { sku: name, book, ...version, unitPrice, tiered: readPrice(tiers, unitPrice) };
}

/** Who pays for each tenant of the windows; those whom nobody charges are left out. */
async function readPayers(trx: Transaction<Schema>, windows: readonly Window[]): Promise<ReadonlyMap<string, Payer>> {
  const tenants = [...new Set(windows.map(({ tenant }) => tenant))];
  const rows = await trx
    .selectFrom('customer_link as l')
    .innerJoin('billing_account as a', 'a.provider', 'l.provider')
    .select(['l.tenant', 'l.provider', 'l.customer', 'l.book', 'l.included', 'l.corrections'])
    .select(['a.mode', 'a.account', 'a.ingestion'])
    .where('l.tenant', '=', sql<string>`ANY(${tenants})`)
    .execute();
  return new Map(
    rows.map(({ tenant, mode, ingestion, ...row }) => [
      tenant,
      { ...row, mode: mode === 'live' ? 'live' : 'test', ingestion: readIngestion(ingestion) },
    ]),
  );
}
