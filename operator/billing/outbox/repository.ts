import { type Selectable, sql } from 'kysely';

import type { OutboxTable, Store } from '../../store/index.ts';
import type { FrozenUsage } from '../sinks/sink.ts';
import type { RestOfHour, RowFacts, Settled } from './decide.ts';
import { ingestionOf } from './event-name.ts';
import { type HourState, hoursOf } from './snapshot.ts';

/** A row of the outbox as stored. */
export type OutboxRow = Selectable<OutboxTable>;

/** A row in flight: what is sent, and which attempt it is. */
export interface Claimed {
  readonly id: bigint;
  readonly attempts: number;
  /** Since when an attempt may have reached the provider, in milliseconds since 1970. */
  readonly guardFrom: number;
  readonly usage: FrozenUsage;
}

/**
 * What was being sent when a process or an attempt broke off may have arrived or not. Called while nothing is in flight.
 */
export async function recover(store: Store): Promise<number> {
  return await store.fence.within(async (trx) => {
    const rows = await trx
      .updateTable('outbox')
      .set({ state: 'UNKNOWN', last_error: 'broken off while this was being sent' })
      .where('state', '=', 'SENDING')
      .returning('id')
      .execute();
    return rows.length;
  });
}

/** The first unsettled row of each (customer, meter) of a provider that is due, oldest first. */
export async function readDue(
  store: Store,
  provider: string,
  eventNames: readonly string[],
  now: number,
  limit: number,
): Promise<readonly OutboxRow[]> {
  if (eventNames.length === 0) return [];
  // One look at what is unsettled, in the order of its index: a comparison of its rows with each other is quadratic.
  return await store.db
    .with('first', (db) =>
      db
        .selectFrom('outbox')
        .distinctOn(['customer', 'event_name'])
        .selectAll()
        .where('provider', '=', provider)
        .where('event_name', 'in', eventNames)
        .where('state', 'in', ['PENDING', 'SENDING', 'UNKNOWN'])
        .orderBy('customer')
        .orderBy('event_name')
        .orderBy('id'),
    )
    .selectFrom('first')
    .selectAll()
    .where('state', 'in', ['PENDING', 'UNKNOWN'])
    .where((eb) => eb.or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<=', new Date(now))]))
    .orderBy('id')
    .limit(limit)
    .execute();
}

/** What decides over a stored row; `closedAt` (unix seconds) where its invoice is final and late usage is billed otherwise. */
export function factsOf(row: OutboxRow, closedAt?: number): RowFacts {
  const first = row.first_attempt_at?.getTime();
  // Of a database that was put back, the first attempt that it knows of need not be the first.
  const isKnown = row.guard_from !== null && row.guard_from.getTime() !== 0;
  const read =
    row.read_at === null || row.read_value === null
      ? undefined
      : { value: BigInt(row.read_value), at: row.read_at.getTime() };
  return {
    eventAt: row.event_at.getTime(),
    quantity: BigInt(row.quantity),
    guardFrom: row.guard_from?.getTime(),
    read,
    statesHour: ingestionOf(row.event_name) === 'HourlySnapshot',
    late: closedAt !== undefined,
    unbilled: closedAt !== undefined && isKnown && first !== undefined && first > closedAt * 1000,
  };
}

/** Rows that may leave once the number of their batch is kept outside the database. */
export interface Batch {
  readonly number: bigint;
  readonly rows: readonly Claimed[];
}

/**
 * Moves rows to SENDING and counts them as a batch, before any byte leaves; `fresh` restarts the guard of a row that was
 * read back as absent, or that may be sent again at any age.
 */
export async function claim(
  store: Store,
  ids: readonly bigint[],
  now: number,
  guard: 'keep' | 'fresh',
): Promise<Batch> {
  const epoch = await store.fence.epoch();
  const at = new Date(now);
  return await store.fence.within(async (trx) => {
    const rows = await trx
      .updateTable('outbox')
      .set((eb) => ({
        state: 'SENDING',
        fence: epoch,
        attempts: eb('attempts', '+', 1),
        first_attempt_at: eb.fn.coalesce('first_attempt_at', eb.val(at)),
        guard_from: guard === 'fresh' ? at : eb.fn.coalesce('guard_from', eb.val(at)),
        next_attempt_at: null,
        read_value: null,
        read_at: null,
      }))
      .where('id', 'in', ids)
      .where('state', 'in', ['PENDING', 'UNKNOWN'])
      .returningAll()
      .execute();
    const { number } = await trx
      .insertInto('sent_batch')
      .values({ number: 1n })
      .onConflict((conflict) =>
        conflict.column('one').doUpdateSet((eb) => ({ number: eb('sent_batch.number', '+', 1n) })),
      )
      .returning('number')
      .executeTakeFirstOrThrow();
    const hours = await hoursOf(trx, rows);
    return { number, rows: rows.map((row) => claimedOf(row, hours.get(row.id), now)) };
  });
}

function claimedOf(row: OutboxRow, hour: HourState | undefined, now: number): Claimed {
  const { id, attempts, guard_from } = row;
  return { id, attempts, guardFrom: guard_from?.getTime() ?? now, usage: { ...frozen(row), ...hour?.statement } };
}

function frozen(row: OutboxRow): FrozenUsage {
  return {
    identifier: row.identifier,
    eventName: row.event_name,
    customer: row.customer,
    timestamp: row.event_at.getTime() / 1000,
    quantity: BigInt(row.quantity),
  };
}

/** The outcome of an attempt. */
export interface Answer {
  readonly id: bigint;
  readonly settled: Settled;
}

/** Stores the outcomes of attempts of this epoch, all of them or none; a late twin's outcome changes nothing. */
export async function finish(store: Store, answers: readonly Answer[]): Promise<void> {
  const epoch = await store.fence.epoch();
  const lines = answers.map(({ id, settled: { state, error = null, nextAttemptAt } }) => {
    const next = nextAttemptAt === undefined ? null : new Date(nextAttemptAt);
    return { id: String(id), state, error, next };
  });
  await store.fence.within((trx) =>
    sql`UPDATE outbox SET state = answer.state, last_error = answer.error, next_attempt_at = answer.next
      FROM jsonb_to_recordset(${JSON.stringify(lines)}::jsonb)
        AS answer(id bigint, state text, error text, next timestamptz)
      WHERE outbox.id = answer.id AND outbox.state = 'SENDING' AND outbox.fence = ${epoch}`.execute(trx),
  );
}

/** Sets aside or confirms a row that is not in flight. */
export async function resolve(store: Store, id: bigint, state: 'HOLD' | 'CONFIRMED', reason: string): Promise<void> {
  await store.fence.within((trx) =>
    trx
      .updateTable('outbox')
      .set({ state, last_error: reason, next_attempt_at: null })
      .where('id', '=', id)
      .where('state', 'in', ['PENDING', 'UNKNOWN'])
      .execute(),
  );
}

/** Remembers a reading of the provider's sum, and when to look again. */
export async function remember(store: Store, id: bigint, value: bigint, now: number, until: number): Promise<void> {
  await store.fence.within((trx) =>
    trx
      .updateTable('outbox')
      .set({ read_value: value, read_at: new Date(now), next_attempt_at: new Date(until) })
      .where('id', '=', id)
      .execute(),
  );
}

/** Puts a row off. */
export async function postpone(store: Store, id: bigint, until: number, reason: string): Promise<void> {
  await store.fence.within((trx) =>
    trx
      .updateTable('outbox')
      .set({ next_attempt_at: new Date(until), last_error: reason })
      .where('id', '=', id)
      .execute(),
  );
}

/** The rest of an hour, and whether it can prove anything. */
export interface DisputedRest extends RestOfHour {
  /** Whether a row of the hour is held that may or may not be recorded: then no sum proves anything. */
  readonly disputed: boolean;
}

/**
 * Adds up the other rows of the UTC hour of a row. Corrections make up for what the provider lost or doubled, so that
 * those that it has leave the sum of the other rows, and those that it has not are still missing from it.
 */
export async function restOfHour(store: Store, row: OutboxRow): Promise<DisputedRest> {
  const hour = hourOf(row);
  const rest = await store.db
    .selectFrom('outbox')
    .select([
      sql<string>`coalesce(sum(CASE
        WHEN drift_id IS NULL AND id <> ${row.id} AND (state IN ('ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED')
          OR state = 'LATE' AND guard_from IS NOT NULL) THEN quantity
        WHEN drift_id IS NOT NULL AND state NOT IN ('ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED') THEN -quantity
      END), 0)`.as('recorded'),
      sql<boolean>`coalesce(bool_or(state = 'HOLD' AND guard_from IS NOT NULL AND id <> ${row.id}), false)`.as(
        'disputed',
      ),
      sql<readonly string[] | null>`array_agg(quantity::text) FILTER (
        WHERE id <> ${row.id} AND guard_from IS NOT NULL AND state IN ('PENDING', 'SENDING', 'UNKNOWN'))`.as(
        'doubtful',
      ),
    ])
    .where('provider', '=', row.provider)
    .where('customer', '=', row.customer)
    .where('event_name', '=', row.event_name)
    .where('event_at', '>=', new Date(hour * 1000))
    .where('event_at', '<', new Date((hour + 3600) * 1000))
    .executeTakeFirstOrThrow();
  const doubtful = (rest.doubtful ?? []).map((quantity) => BigInt(quantity));
  return { recorded: BigInt(rest.recorded), doubtful, disputed: rest.disputed };
}

/** The UTC hour of a row's event, in unix seconds of its start. */
export function hourOf(row: OutboxRow): number {
  const seconds = row.event_at.getTime() / 1000;
  return seconds - (seconds % 3600);
}

/** How many rows a provider has, by what a person wants to know. */
export interface RowCounts {
  readonly accepted: number;
  readonly pending: number;
  readonly rejected: number;
  readonly held: number;
  /** On an invoice item in the place of an event, or soon to be; absent where none is. */
  readonly late?: number;
}

/** Counts the rows of a provider. */
export async function countRows(store: Store, provider: string): Promise<RowCounts> {
  const rows = await store.db
    .selectFrom('outbox as o')
    // A rejected row whose quantity another has taken is done with.
    .leftJoin('outbox as r', 'r.replaces', 'o.id')
    .select(['o.state', ({ fn }) => fn.countAll<bigint>().as('count')])
    .where('o.provider', '=', provider)
    .where('r.id', 'is', null)
    .groupBy('o.state')
    .execute();
  const sum = (...states: readonly OutboxRow['state'][]): number =>
    rows.filter(({ state }) => states.includes(state)).reduce((total, { count }) => total + Number(count), 0);
  const late = sum('LATE');
  return {
    ...(late > 0 && { late }),
    accepted: sum('ACCEPTED', 'ACCEPTED_DUP', 'CONFIRMED'),
    pending: sum('PENDING', 'SENDING', 'UNKNOWN'),
    rejected: sum('REJECTED'),
    held: sum('HOLD'),
  };
}
