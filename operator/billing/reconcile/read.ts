import { sql } from 'kysely';

import type { Store } from '../../store/index.ts';
import { ingestionOf } from '../outbox/event-name.ts';
import type { HourFacts } from './decide.ts';

/** Whose usage of what is compared. */
export interface Pair {
  readonly provider: string;
  readonly customer: string;
  readonly eventName: string;
}

/** One UTC hour of a pair; `hour` in unix seconds of its start. */
export interface PairHour extends Pair {
  readonly hour: number;
}

/** The pairs of a provider with rows whose events lie in [from, to), unix seconds; of one customer where one is named. */
export async function readPairs(
  store: Store,
  provider: string,
  from: number,
  to: number,
  customer?: string,
): Promise<readonly Pair[]> {
  const rows = await store.db
    .selectFrom('outbox')
    .select(['customer', 'event_name'])
    .distinct()
    .where('provider', '=', provider)
    .where('event_at', '>=', new Date(from * 1000))
    .where('event_at', '<', new Date(to * 1000))
    .$if(customer !== undefined, (query) => query.where('customer', '=', customer ?? ''))
    .orderBy('customer')
    .orderBy('event_name')
    .execute();
  return rows.map((row) => ({ provider, customer: row.customer, eventName: row.event_name }));
}

/** Sums of acknowledged rows of a pair, corrections left out, in [from, to) by UTC hour or day, all in unix seconds. */
export async function readOurs(
  store: Store,
  { provider, customer, eventName }: Pair,
  from: number,
  to: number,
  grain: 'hour' | 'day',
): Promise<ReadonlyMap<number, bigint>> {
  const start = sql<bigint>`extract(epoch FROM date_trunc(${sql.lit(grain)}, event_at AT TIME ZONE 'UTC') AT TIME ZONE 'UTC')::bigint`;
  const rows = await store.db
    .selectFrom('outbox')
    .select([start.as('start'), sql<string>`sum(quantity)`.as('sum')])
    .where('provider', '=', provider)
    .where('customer', '=', customer)
    .where('event_name', '=', eventName)
    .where('event_at', '>=', new Date(from * 1000))
    .where('event_at', '<', new Date(to * 1000))
    .where((eb) =>
      eb.or([
        eb('state', 'in', ['ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED']),
        // It arrived when its invoice was final already.
        eb.and([eb('state', '=', 'LATE'), eb('guard_from', 'is not', null)]),
      ]),
    )
    .where('drift_id', 'is', null)
    .groupBy('start')
    .execute();
  return new Map(rows.map((row) => [Number(row.start), BigInt(row.sum)]));
}

/** What is known of an hour here, and the drift that is open in it; what the provider states comes from its sink. */
export async function readHour(
  store: Pick<Store, 'db'>,
  at: PairHour,
): Promise<{ readonly facts: Omit<HourFacts, 'theirs'>; readonly windows: readonly HourWindow[] }> {
  const { provider, customer, eventName, hour } = at;
  const rows = await store.db
    .selectFrom('outbox as o')
    .innerJoin('usage_window as w', 'w.id', 'o.usage_window_id')
    .leftJoin('usage_rejection as r', (join) =>
      join.onRef('r.provider', '=', 'o.provider').onRef('r.identifier', '=', 'o.identifier'),
    )
    .select(['o.id', 'o.quantity', 'o.state', 'o.replaces', 'o.guard_from', 'o.usage_window_id', 'w.tenant'])
    .select('o.drift_id')
    .select('r.identifier as reported')
    .where('o.provider', '=', provider)
    .where('o.customer', '=', customer)
    .where('o.event_name', '=', eventName)
    .where('o.event_at', '>=', new Date(hour * 1000))
    .where('o.event_at', '<', new Date((hour + 3600) * 1000))
    .orderBy('o.id')
    .execute();
  const isKnown = ({ state, guard_from }: { readonly state: string; readonly guard_from: Date | null }): boolean =>
    ['ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED'].includes(state) || (state === 'LATE' && guard_from !== null);
  // A correction makes up for what the provider lost or doubled: the sum should be that of the other rows.
  const acknowledged = rows.filter((row) => isKnown(row) && row.drift_id === null);
  const facts = {
    acknowledged: acknowledged.map((row) => ({
      id: row.id,
      quantity: BigInt(row.quantity),
      reported: row.reported !== null,
      isReplacement: row.replaces !== null,
    })),
    unsettled: rows.filter(({ state }) => state === 'PENDING' || state === 'SENDING' || state === 'UNKNOWN').length,
    disputed: rows.some(({ state, guard_from }) => state === 'HOLD' && guard_from !== null),
    restated: ingestionOf(eventName) === 'HourlySnapshot' && rows.some((row) => isKnown(row) && row.drift_id !== null),
    invoiced: await isInvoiced(store, at),
    restored: await isRestored(store, at),
    before: await readBefore(store, at),
  };
  const windows = acknowledged.map(({ id, usage_window_id, tenant }) => ({ row: id, window: usage_window_id, tenant }));
  return { facts, windows };
}

/** The window on which an acknowledged row rests. */
export interface HourWindow {
  readonly row: bigint;
  readonly window: bigint;
  readonly tenant: string;
}

async function isInvoiced({ db }: Pick<Store, 'db'>, { provider, customer, hour }: PairHour): Promise<boolean> {
  const found = await db
    .selectFrom('invoice_mirror')
    .select('invoice')
    .where('provider', '=', provider)
    .where('customer', '=', customer)
    .where('status', 'not in', ['draft', 'void'])
    .where('period_start', '<=', new Date(hour * 1000))
    .where('period_end', '>', new Date(hour * 1000))
    .limit(1)
    .executeTakeFirst();
  return found !== undefined;
}

async function isRestored({ db }: Pick<Store, 'db'>, { hour }: PairHour): Promise<boolean> {
  const found = await db
    .selectFrom('watermark')
    .select('name')
    .where('name', '=', 'restored')
    .where('at', '>=', new Date(hour * 1000))
    .executeTakeFirst();
  return found !== undefined;
}

async function readBefore({ db }: Pick<Store, 'db'>, at: PairHour): Promise<HourFacts['before']> {
  const row = await db
    .selectFrom('drift')
    .select(['ours', 'theirs', 'seen_at', 'state'])
    .where('provider', '=', at.provider)
    .where('customer', '=', at.customer)
    .where('event_name', '=', at.eventName)
    .where('hour', '=', new Date(at.hour * 1000))
    .where('state', 'in', ['SEEN', 'HELD'])
    .executeTakeFirst();
  if (row === undefined) return undefined;
  const { ours, theirs, seen_at, state } = row;
  return { ours: BigInt(ours), theirs: BigInt(theirs), at: seen_at.getTime(), held: state === 'HELD' };
}

/** Hours of a provider whose drift was seen by `seenBefore` (milliseconds since 1970) and is to be looked at again. */
export async function readSuspects(store: Store, provider: string, seenBefore: number): Promise<readonly PairHour[]> {
  const rows = await store.db
    .selectFrom('drift')
    .select(['customer', 'event_name', 'hour'])
    .where('provider', '=', provider)
    .where('state', '=', 'SEEN')
    .where('seen_at', '<=', new Date(seenBefore))
    .orderBy('id')
    .limit(mostSuspects)
    .execute();
  return rows.map(({ customer, event_name, hour }) => ({
    ...{ provider, customer, eventName: event_name },
    hour: hour.getTime() / 1000,
  }));
}

/** Reads of one round: 40 seconds at 25 a second. */
const mostSuspects = 1000;

/** Hours of a pair with an open drift in [from, to), unix seconds: those that are equal again must be told so. */
export async function readOpenHours(
  store: Store,
  { provider, customer, eventName }: Pair,
  from: number,
  to: number,
): Promise<readonly number[]> {
  const rows = await store.db
    .selectFrom('drift')
    .select('hour')
    .where('provider', '=', provider)
    .where('customer', '=', customer)
    .where('event_name', '=', eventName)
    .where('state', 'in', ['SEEN', 'HELD'])
    .where('hour', '>=', new Date(from * 1000))
    .where('hour', '<', new Date(to * 1000))
    .execute();
  return rows.map(({ hour }) => hour.getTime() / 1000);
}
