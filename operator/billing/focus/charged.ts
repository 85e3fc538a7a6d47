import { sql } from 'kysely';

import { energyOf, type WindowUse } from '../../metering/index.ts';
import type { OutboxState, Store } from '../../store/index.ts';
import type { ListVersion } from '../price-book/factors.ts';
import { type FinalInvoice, placeOn } from './invoices.ts';
import type { Charged } from './rows.ts';
import { regionOf } from './unused.ts';

const delivered: ReadonlySet<OutboxState | null> = new Set<OutboxState>(['ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED']);

/** What is known besides the charges themselves. */
export interface ChargedFacts {
  readonly uses: readonly WindowUse[];
  readonly versions: readonly ListVersion[];
  readonly invoices: readonly FinalInvoice[];
}

/** The charged windows that begin in [from, to), by time, with where they were, what they drew and who invoiced them. */
export async function readCharged(
  { db }: Store,
  asked: { readonly tenant?: string; readonly from: Date; readonly to: Date },
  { uses, versions, invoices }: ChargedFacts,
): Promise<readonly Charged[]> {
  const rows = await db
    .selectFrom('charge as c')
    .innerJoin('usage_window as w', 'w.id', 'c.usage_window_id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'w.id')
    // What took the quantity of a rejected row speaks for it.
    .leftJoin('outbox as r', 'r.replaces', 'o.id')
    .leftJoin('journal_tx as t', (join) => join.on('t.key', '=', sql<string>`'charge/' || c.usage_window_id`))
    .select(['w.tenant', 'w.meter', 'w.model', 'w.profile', 'w.window_start', 'w.window_end', 'c.quantity', 'c.sku'])
    .select(['c.book', 'c.version', 'c.currency', 'c.unit_price', 'c.amount', 'o.provider', 'o.customer'])
    .select(['t.recorded_at', 'o.state', 'r.state as replaced_by'])
    .where('w.window_start', '>=', asked.from)
    .where('w.window_start', '<', asked.to)
    // What tells a provider a difference charges nothing.
    .where('c.quantity', '<>', '0')
    .$if(asked.tenant !== undefined, (query) => query.where('w.tenant', '=', asked.tenant ?? ''))
    .orderBy('w.window_start')
    .orderBy('w.id')
    .execute();
  const useAt = new Map(uses.map((use) => [use.window.start, use]));
  const energyAt = new Map(uses.map((use) => [use.window.start, energyByMeter(use)]));
  const factorsOf = new Map(versions.map(({ book, version, energy }) => [`${book}\n${version}`, energy]));
  const told = new Set<string>();
  return rows.map((row) => {
    const { tenant, meter, model, profile, sku, book, version, currency, amount } = row;
    const [start, end] = [row.window_start.getTime(), row.window_end.getTime()];
    const [provider, customer] = [row.provider ?? undefined, row.customer ?? undefined];
    const use = useAt.get(start);
    const key = `${start}\n${tenant}\n${meter}`;
    // A window's energy is on its first row: later ones are differences of its time.
    const millijoules = told.has(key) ? undefined : energyAt.get(start)?.get(`${tenant}\n${meter}`);
    told.add(key);
    const charge = {
      ...{ provider, customer, end, chargedAt: row.recorded_at?.getTime() ?? 0 },
      ...{ delivered: delivered.has(row.replaced_by ?? row.state), late: row.state === 'LATE' },
    };
    return {
      ...{ tenant, model, profile, sku, book, version, currency, amount, start, end, provider, customer },
      ...{ quantity: BigInt(row.quantity), unitPrice: row.unit_price, millijoules },
      ...{ factors: factorsOf.get(`${book}\n${version}`), region: use && regionOf(use, nodesOf(use, tenant, meter)) },
      ...placeOn(charge, invoices),
    };
  });
}

/** The energy of each tenant and meter, where it was measured from beginning to end. */
function energyByMeter({ samples, held, window }: WindowUse): ReadonlyMap<string, bigint> {
  const parts = energyOf(samples, held, window).filter(({ complete }) => complete);
  return new Map(parts.map(({ tenant, meter, millijoules }) => [`${tenant}\n${meter}`, millijoules]));
}

function nodesOf({ held }: WindowUse, tenant: string, meter: string): readonly string[] {
  return held.filter((one) => one.tenant === tenant && one.meter === meter).map(({ node }) => node);
}
