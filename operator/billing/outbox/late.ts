/**
 * Late usage: rows whose invoice is final, or whose time nothing bills, of tenants whose plan said what becomes of them when they were frozen. The
 * provider bills nothing of what it is sent for a closed period, so these are not sent: what they cost goes on the next
 * invoice as an item, or is credited (billing/invoice-items). The provider itself is asked, before anything is sent of a time
 * that may be closed: what its webhooks have said may be hours old.
 */
import { sql } from 'kysely';

import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import type { SinkEntry } from '../sinks/registry.ts';
import type { ClosedPeriod, UsageSink } from '../sinks/sink.ts';
import type { OutboxRow } from './repository.ts';

/** What is said of a late row. */
export const lateReason = 'the invoice of its time is final: what it costs goes on the next as an item';

/** Younger usage is sent without asking: its hour was sealed in time, and no invoice is final sooner after its period. */
const leastMillis = 10 * 60_000;
/** How long an answer holds: a backlog is many rows of the same customers. */
const answerMillis = 60_000;

/** Whether a row is late: when its period was closed, or that the provider did not say. */
export type Lateness =
  | { readonly kind: 'closed'; readonly period: ClosedPeriod }
  | { readonly kind: 'unknown'; readonly reason: string };

interface Answer {
  readonly at: number;
  /** Unix seconds: what ended before was not asked for. */
  readonly from: number;
  readonly periods: readonly ClosedPeriod[];
}

const answers = new WeakMap<UsageSink, Map<string, Answer>>();

/** The lateness of rows; those that are to be sent are not in it. */
export async function judgeLate(
  clock: Clock,
  entry: SinkEntry,
  rows: readonly OutboxRow[],
  signal: AbortSignal,
): Promise<ReadonlyMap<bigint, Lateness>> {
  const late = new Map<bigint, Lateness>();
  const old = rows.filter((row) => mayBeLate(row, clock.now()));
  for (const [customer, own] of Map.groupBy(old, (row) => row.customer)) {
    const times = own.map(({ event_at }) => event_at.getTime() / 1000);
    try {
      const periods = await closedPeriods(clock, entry, customer, Math.min(...times), signal);
      for (const { id, event_at } of own) {
        const at = event_at.getTime() / 1000;
        const period = periods.find(({ start, end }) => start <= at && at < end);
        if (period !== undefined) late.set(id, { kind: 'closed', period });
      }
    } catch (error) {
      signal.throwIfAborted();
      const reason = `could not ask for invoices: ${error instanceof Error ? error.message : String(error)}`;
      for (const { id } of own) late.set(id, { kind: 'unknown', reason });
    }
  }
  return late;
}

/** What tells the provider a difference costs nothing, and only events can put sums right. */
function mayBeLate({ corrections, drift_id, replaces, event_at }: OutboxRow, now: number): boolean {
  return corrections !== null && drift_id === null && replaces === null && now - event_at.getTime() >= leastMillis;
}

async function closedPeriods(
  clock: Clock,
  { sink, pace }: SinkEntry,
  customer: string,
  from: number,
  signal: AbortSignal,
): Promise<readonly ClosedPeriod[]> {
  if (sink.closedPeriods === undefined) return [];
  const known = answers.get(sink) ?? new Map<string, Answer>();
  answers.set(sink, known);
  const before = known.get(customer);
  if (before !== undefined && before.from <= from && clock.monotonic() - before.at < answerMillis)
    return before.periods;
  await pace(signal);
  const periods = await sink.closedPeriods(customer, from);
  known.set(customer, { at: clock.monotonic(), from, periods });
  return periods;
}

/** Sets aside what waits of a closed period of a customer and cannot have reached the provider; returns how many rows. */
export async function setLateAside(
  store: Store,
  provider: string,
  customer: string,
  { start, end }: ClosedPeriod,
): Promise<number> {
  return await store.fence.within(async (trx) => {
    const { rows } = await sql`UPDATE outbox SET state = 'LATE', last_error = ${lateReason}, next_attempt_at = NULL
      WHERE provider = ${provider} AND customer = ${customer} AND state = 'PENDING' AND guard_from IS NULL
        AND corrections IS NOT NULL AND drift_id IS NULL AND replaces IS NULL
        AND event_at >= ${new Date(start * 1000)} AND event_at < ${new Date(end * 1000)} RETURNING id`.execute(trx);
    return rows.length;
  });
}

/**
 * Sets a row aside that is not in flight. Of one that arrived, when its invoice was final already, the guard stays: it counts
 * where sums are compared with the provider's.
 */
export async function setLate(store: Store, id: bigint, arrived: boolean): Promise<void> {
  await store.fence.within((trx) =>
    trx
      .updateTable('outbox')
      .set({ state: 'LATE', last_error: lateReason, next_attempt_at: null, ...(!arrived && { guard_from: null }) })
      .where('id', '=', id)
      .where('state', 'in', ['PENDING', 'UNKNOWN'])
      .execute(),
  );
}
