import type { Transaction } from 'kysely';

import type { UsageCorrection } from '../../api/index.ts';
import { type Corrected, meterOf, readTotal } from '../../metering/index.ts';
import type { Schema } from '../../store/index.ts';
import { eventNameOf, type Ingestion, ingestionOf, readIngestion } from '../outbox/event-name.ts';
import { sumOf } from '../reconcile/decide.ts';
import { type HourWindow, type PairHour, readHour } from '../reconcile/read.ts';
import type { CorrectionFacts, Refusal } from './decide.ts';

/** The window that a correction is about, and the hour at the provider in which it counts. */
export interface Place extends Corrected {
  readonly hour: PairHour;
}

/** Which window a correction names, or why there is none. */
export async function readPlace(
  trx: Transaction<Schema>,
  { tenantRef, sku, windowStartTime }: UsageCorrection['spec'],
): Promise<Place | Refusal> {
  const tenant = tenantRef.name;
  const start = new Date(windowStartTime);
  const grid = await trx
    .selectFrom('sealed_grid')
    .select('window_end')
    .where('window_start', '=', start)
    .executeTakeFirst();
  if (grid === undefined) {
    const message = `no sealed window begins at ${windowStartTime}; take the beginning of a sealed hour, or wait until it is sealed`;
    return { reason: 'WindowUnknown', message };
  }
  const charged = await readCharged(trx, tenant, sku, start);
  const payer = charged?.payer ?? (await readPayer(trx, tenant));
  if (payer === undefined) {
    const message = `nobody charges a tenant ${tenant}; correct spec.tenantRef, or give the Tenant its spec.billing`;
    return { reason: 'TenantUnknown', message };
  }
  const metered = charged?.metered ?? (await readListed(trx, tenant, sku, start));
  if (metered === undefined) {
    const message = `neither the window nor the price list of ${tenant} at ${windowStartTime} knows SKU ${sku}; correct spec.sku`;
    return { reason: 'SKUUnknown', message };
  }
  const window = { start: start.getTime(), end: grid.window_end.getTime() };
  const eventAt = window.end / 1000 - 1;
  const { ingestion, ...pair } = payer;
  const hour = { ...pair, eventName: eventNameOf(sku, ingestion), hour: eventAt - (eventAt % 3600) };
  return { tenant, ...metered, window, hour };
}

type Payer = Pick<PairHour, 'provider' | 'customer'> & { readonly ingestion: Ingestion };
type Metered = Pick<Corrected, 'meter' | 'device'>;

/** What was charged of the SKU in the window before, and to whom it was sent. */
async function readCharged(
  trx: Transaction<Schema>,
  tenant: string,
  sku: string,
  start: Date,
): Promise<{ readonly metered: Metered; readonly payer?: Payer } | undefined> {
  const row = await trx
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'w.id')
    .select(['w.meter', 'w.model', 'w.profile', 'o.provider', 'o.customer', 'o.event_name'])
    .where('w.tenant', '=', tenant)
    .where('w.window_start', '=', start)
    .where('c.sku', '=', sku)
    .orderBy('o.id', (order) => order.asc().nullsLast())
    .limit(1)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { meter, model, profile, provider, customer } = row;
  const metered = { meter, device: { model, profile } };
  if (provider === null || customer === null) return { metered };
  return { metered, payer: { provider, customer, ingestion: ingestionOf(row.event_name ?? '') } };
}

async function readPayer(trx: Transaction<Schema>, tenant: string): Promise<Payer | undefined> {
  const row = await trx
    .selectFrom('customer_link as l')
    .innerJoin('billing_account as a', 'a.provider', 'l.provider')
    .select(['l.provider', 'l.customer', 'a.ingestion'])
    .where('l.tenant', '=', tenant)
    .executeTakeFirst();
  return row && { ...row, ingestion: readIngestion(row.ingestion) };
}

/** What the tenant's price list, as it was in force at the window's start, means by a SKU. */
async function readListed(
  trx: Transaction<Schema>,
  tenant: string,
  sku: string,
  start: Date,
): Promise<Metered | undefined> {
  const version = await trx
    .selectFrom('customer_link as l')
    .innerJoin('price_book as b', 'b.book', 'l.book')
    .select(['b.book', 'b.version'])
    .where('l.tenant', '=', tenant)
    .where('b.effective_from', '<=', start)
    .orderBy('b.version', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (version === undefined) return undefined;
  const device = await trx
    .selectFrom('price_sku')
    .select(['model', 'profile'])
    .where('book', '=', version.book)
    .where('version', '=', version.version)
    .where('name', '=', sku)
    .executeTakeFirst();
  return device && { meter: meterOf(device), device };
}

/** A row of the window that is held; GPU-seconds. */
interface HeldRow {
  readonly id: bigint;
  readonly quantity: bigint;
}

/** What is known of a window, and the rows that it is known from. */
export interface Found {
  readonly facts: CorrectionFacts;
  readonly heldRows: readonly HeldRow[];
  /** The windows of the hour's acknowledged rows. */
  readonly windows: readonly HourWindow[];
}

/** Reads what decides over a correction; the window is held still until the transaction ends. */
export async function readFacts(trx: Transaction<Schema>, place: Place): Promise<Found> {
  const { tenant, window, hour } = place;
  const { quantity: total } = await readTotal(trx, place);
  const { facts, windows } = await readHour({ db: trx }, hour);
  const rows = await trx
    .selectFrom('outbox as o')
    .innerJoin('usage_window as w', 'w.id', 'o.usage_window_id')
    .select(['o.id', 'o.quantity'])
    .where('o.state', '=', 'HOLD')
    .where('o.event_name', '=', hour.eventName)
    .where('w.tenant', '=', tenant)
    .where('w.window_start', '=', new Date(window.start))
    .orderBy('o.id')
    .execute();
  const heldRows = rows.map(({ id, quantity }) => ({ id, quantity: BigInt(quantity) }));
  const drift = await trx
    .selectFrom('drift')
    .select('theirs')
    .where('provider', '=', hour.provider)
    .where('customer', '=', hour.customer)
    .where('event_name', '=', hour.eventName)
    .where('hour', '=', new Date(hour.hour * 1000))
    .where('state', '=', 'HELD')
    .executeTakeFirst();
  return {
    ...{ heldRows, windows },
    facts: {
      ...{ total, eventAt: window.end - 1000, invoiced: facts.invoiced },
      takesLate: await takesLate(trx, place),
      unsettled: facts.unsettled,
      ...(facts.acknowledged.length > 0 && { acknowledged: sumOf(facts.acknowledged) }),
      ...(heldRows.length > 0 && { heldRows: sumOf(heldRows) }),
      ...(drift !== undefined && { theirs: BigInt(drift.theirs) }),
    },
  };
}

async function takesLate(trx: Transaction<Schema>, { tenant, hour }: Place): Promise<boolean> {
  const link = await trx
    .selectFrom('customer_link')
    .select(['provider', 'corrections'])
    .where('tenant', '=', tenant)
    .executeTakeFirst();
  return link?.provider === hour.provider && link.corrections !== null;
}
