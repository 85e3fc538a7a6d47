import type { Transaction } from 'kysely';

import type { SealedUsage } from '../../metering/index.ts';
import type { Schema, Store } from '../../store/index.ts';
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import { identifierOf } from './identifier.ts';

/** Prefix of every usage event's name; the SKU's name follows. */
export const eventPrefix = 'gpu_seconds__';

/** What freezing needs of a sealed window; times in milliseconds since 1970. */
type Window = Pick<SealedUsage, 'id' | 'tenant' | 'meter' | 'model' | 'profile' | 'window' | 'revision' | 'quantity'>;

interface Price {
  readonly sku: string;
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  readonly unitPrice: string;
}

interface Payer {
  readonly provider: string;
  readonly customer: string;
  readonly book: string;
  readonly mode: 'test' | 'live';
  readonly account: string;
}

/** Windows of one call of the backlog: each is a few statements. */
const backlogRows = 500;

/**
 * Freezes what sealed windows cost and what is sent for them, in the transaction that seals them.
 * A window whose tenant, price or provider is not known yet stays for `freezeBacklog`.
 */
export async function freezeSealed(trx: Transaction<Schema>, windows: readonly Window[]): Promise<void> {
  const payers = new Map<string, Payer | undefined>();
  for (const window of windows) {
    if (!payers.has(window.tenant)) payers.set(window.tenant, await readPayer(trx, window.tenant));
    const payer = payers.get(window.tenant);
    if (payer !== undefined) await freeze(trx, window, payer);
  }
}

/** Freezes windows sealed before their price was known; returns how many were looked at. */
export async function freezeBacklog(store: Store): Promise<number> {
  let looked = 0;
  for (let after = 0n; ; ) {
    const rows = await unfrozen(store, after);
    const last = rows.at(-1);
    if (last === undefined) return looked;
    await store.fence.within((trx) => freezeSealed(trx, rows));
    looked += rows.length;
    after = last.id;
  }
}

async function unfrozen(store: Store, after: bigint): Promise<readonly Window[]> {
  const rows = await store.db
    .selectFrom('usage_window as w')
    .innerJoin('customer_link as l', 'l.tenant', 'w.tenant')
    .leftJoin('charge as c', 'c.usage_window_id', 'w.id')
    .select(['w.id', 'w.tenant', 'w.meter', 'w.model', 'w.profile', 'w.window_start', 'w.window_end'])
    .select(['w.revision', 'w.quantity'])
    .where('c.usage_window_id', 'is', null)
    .where('w.id', '>', after)
    .orderBy('w.id')
    .limit(backlogRows)
    .execute();
  return rows.map(({ window_start, window_end, quantity, ...row }) => ({
    ...row,
    quantity: BigInt(quantity),
    window: { start: window_start.getTime(), end: window_end.getTime() },
  }));
}

async function freeze(trx: Transaction<Schema>, window: Window, payer: Payer): Promise<void> {
  const price = (await earlierPrice(trx, window)) ?? (await priceInForce(trx, window, payer.book));
  if (price === undefined) return;
  const { sku, book, version, currency, unitPrice } = price;
  const amount = formatDecimal(window.quantity * parseDecimal(unitPrice));
  const { id, tenant, quantity } = window;
  const charged = await trx
    .insertInto('charge')
    .values({ usage_window_id: id, tenant, sku, book, version, currency, unit_price: unitPrice, quantity, amount })
    .onConflict((conflict) => conflict.column('usage_window_id').doNothing())
    .returning('usage_window_id')
    .executeTakeFirst();
  if (charged === undefined || quantity === 0n) return;
  await trx
    .insertInto('outbox')
    .values({
      usage_window_id: id,
      provider: payer.provider,
      identifier: identify(window, payer, sku),
      event_name: eventPrefix + sku,
      customer: payer.customer,
      event_at: new Date(window.window.end - 1000),
      quantity,
      state: 'PENDING',
    })
    .execute();
}

function identify({ window, revision }: Window, { account, mode, customer }: Payer, sku: string): string {
  const start = window.start / 1000;
  const end = window.end / 1000;
  return identifierOf({ account, mode, eventName: eventPrefix + sku, customer, start, end, revision });
}

/** A revision costs what the window cost when it was first stated, whatever the list says now. */
async function earlierPrice(trx: Transaction<Schema>, window: Window): Promise<Price | undefined> {
  if (window.revision === 1) return undefined;
  return await trx
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .select(['c.sku', 'c.book', 'c.version', 'c.currency', 'c.unit_price as unitPrice'])
    .where('w.tenant', '=', window.tenant)
    .where('w.meter', '=', window.meter)
    .where('w.window_start', '=', new Date(window.window.start))
    .orderBy('w.revision')
    .limit(1)
    .executeTakeFirst();
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
    .select(['name', 'unit_price'])
    .where('book', '=', book)
    .where('version', '=', version.version)
    .where('model', '=', window.model)
    .where('profile', '=', window.profile)
    .executeTakeFirst();
  return sku && { sku: sku.name, book, ...version, unitPrice: sku.unit_price };
}

async function readPayer(trx: Transaction<Schema>, tenant: string): Promise<Payer | undefined> {
  const row = await trx
    .selectFrom('customer_link as l')
    .innerJoin('billing_account as a', 'a.provider', 'l.provider')
    .select(['l.provider', 'l.customer', 'l.book', 'a.mode', 'a.account'])
    .where('l.tenant', '=', tenant)
    .executeTakeFirst();
  return row && { ...row, mode: row.mode === 'live' ? 'live' : 'test' };
}
