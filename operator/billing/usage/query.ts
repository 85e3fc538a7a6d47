import { sql } from 'kysely';

import type { OutboxState, Store } from '../../store/index.ts';
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import { toMajor } from '../money/price.ts';
import { type EnergyUsage, readEnergy } from './energy.ts';

/** Whose usage of what time: windows that begin in [from, to), RFC 3339. */
export interface UsageQuestion {
  readonly tenant: string;
  readonly from: string;
  readonly to: string;
}

/** Usage of one meter; GPU-seconds as integer strings. */
export interface MeterUsage {
  /** gpu_seconds__ and the SKU, however the provider's event is called; metering's own name where nothing prices it. */
  readonly meter: string;
  readonly model: string;
  readonly profile: string;
  readonly unit: 'GPU-seconds';
  /** Sealed. */
  readonly quantity: string;
  /** The part whose end was assumed, never later than the truth. */
  readonly estimated: string;
  /** The part without a price or without somebody who charges the tenant. */
  readonly unpriced: string;
  readonly accepted: string;
  readonly pending: string;
  /** Sent, and not known whether it arrived; resolved by itself. */
  readonly ambiguous: string;
  readonly held: string;
  /** On an invoice item in the place of an event: the invoice of its time was final. */
  readonly late: string;
  readonly rejected: string;
}

/** Money of one currency. */
export interface Cost {
  readonly currency: string;
  /** Rounded to the currency's minor unit. */
  readonly amount: string;
  /** In minor units, exact. */
  readonly exactMinor: string;
}

/** The answer of `gpuopt usage show`. */
export interface UsageAnswer extends UsageQuestion {
  /** The end of the last sealed window; null before the first. */
  readonly sealedThrough: string | null;
  readonly meters: readonly MeterUsage[];
  /** Null while nothing of it has a price. */
  readonly cost: Cost | null;
  /** All currencies; more than one only where a price list changed its own. */
  readonly costs: readonly Cost[];
  readonly energy: EnergyUsage;
}

type Part = 'accepted' | 'pending' | 'ambiguous' | 'held' | 'late' | 'rejected';

const partOf: Readonly<Record<OutboxState, Part>> = {
  PENDING: 'pending',
  SENDING: 'ambiguous',
  UNKNOWN: 'ambiguous',
  ACCEPTED: 'accepted',
  ACCEPTED_DUP: 'accepted',
  CONFIRMED: 'accepted',
  REJECTED: 'rejected',
  HOLD: 'held',
  LATE: 'late',
};

/** Adds up a tenant's sealed usage, what was delivered of it, and what it costs. */
export async function showUsage(store: Store, question: UsageQuestion): Promise<UsageAnswer> {
  const rows = await readRows(store, question);
  const meters = [...Map.groupBy(rows, ({ event_name, meter }) => event_name ?? meter)].map(([meter, members]) => {
    const first = members[0];
    const sum = (wanted: (row: Row) => boolean): string =>
      members.reduce((total, row) => (wanted(row) ? total + BigInt(row.quantity) : total), 0n).toString();
    const part = (name: Part): string => sum(({ state }) => state !== null && partOf[state] === name);
    return {
      ...{ meter, model: first?.model ?? '', profile: first?.profile ?? '', unit: 'GPU-seconds' as const },
      ...{ quantity: sum(() => true), estimated: sum(({ estimated }) => estimated) },
      ...{ unpriced: sum(({ currency }) => currency === null), accepted: part('accepted'), pending: part('pending') },
      ...{ ambiguous: part('ambiguous'), held: part('held'), late: part('late'), rejected: part('rejected') },
    };
  });
  const costs = costsOf(rows);
  return {
    ...question,
    sealedThrough: await sealedThrough(store),
    meters: meters.toSorted((a, b) => (a.meter < b.meter ? -1 : 1)),
    cost: costs.at(-1) ?? null,
    costs,
    energy: await readEnergy(store, question),
  };
}

interface Row {
  readonly meter: string;
  readonly model: string;
  readonly profile: string;
  readonly event_name: string | null;
  readonly state: OutboxState | null;
  readonly estimated: boolean;
  readonly currency: string | null;
  readonly quantity: string;
  readonly amount: string;
}

/** One row for each meter, state, currency and estimate: few, however many windows there are. */
async function readRows(store: Store, { tenant, from, to }: UsageQuestion): Promise<readonly Row[]> {
  return await store.db
    .selectFrom('usage_window as w')
    .leftJoin('charge as c', 'c.usage_window_id', 'w.id')
    .leftJoin('outbox as o', 'o.usage_window_id', 'w.id')
    // What took the quantity of a rejected row speaks for it.
    .leftJoin('outbox as r', 'r.replaces', 'o.id')
    .select(['w.meter', 'w.model', 'w.profile', 'w.estimated', 'c.currency'])
    .select(({ fn }) => fn.coalesce('r.state', 'o.state').as('state'))
    .select([
      sql<string | null>`'gpu_seconds__' || c.sku`.as('event_name'),
      sql<string>`sum(w.quantity)`.as('quantity'),
      sql<string>`coalesce(sum(c.amount), 0)::numeric(38,12)`.as('amount'),
    ])
    .where('w.tenant', '=', tenant)
    .where('w.window_start', '>=', new Date(from))
    .where('w.window_start', '<', new Date(to))
    .groupBy(['w.meter', 'w.model', 'w.profile', 'w.estimated', 'c.currency', 'r.state', 'o.state', 'c.sku'])
    .execute();
}

function costsOf(rows: readonly Row[]): readonly Cost[] {
  const sums = new Map<string, bigint>();
  for (const { currency, amount } of rows) {
    if (currency !== null) sums.set(currency, (sums.get(currency) ?? 0n) + parseDecimal(amount));
  }
  return [...sums].toSorted().map(([currency, minor]) => ({
    currency,
    amount: toMajor(minor, currency),
    exactMinor: formatDecimal(minor),
  }));
}

/** The end of the last sealed window; null before the first. */
export async function sealedThrough(store: Store): Promise<string | null> {
  const row = await store.db
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('end'))
    .executeTakeFirst();
  return row?.end?.toISOString() ?? null;
}
