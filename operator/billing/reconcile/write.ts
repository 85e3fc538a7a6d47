import type { Transaction } from 'kysely';

import { restate } from '../../metering/index.ts';
import type { DriftState, Schema } from '../../store/index.ts';
import { identifierOf } from '../outbox/identifier.ts';
import type { PairHour } from './read.ts';

/** Two sums of an hour at a moment (milliseconds since 1970). */
export interface Sums {
  readonly tenant: string | null;
  readonly ours: bigint;
  readonly theirs: bigint;
  readonly at: number;
}

/** Remembers sums that differ, or settles what was remembered; returns the drift's id. */
export async function keepDrift(
  trx: Transaction<Schema>,
  hour: PairHour,
  sums: Sums,
  state: DriftState,
  reason: string,
): Promise<bigint> {
  const at = new Date(sums.at);
  const decided_at = state === 'SEEN' ? null : at;
  const kept = { ours: sums.ours, theirs: sums.theirs, state, reason, seen_at: at, decided_at };
  const known = await open(trx, hour);
  if (known !== undefined) {
    await trx.updateTable('drift').set(kept).where('id', '=', known.id).execute();
    return known.id;
  }
  const { provider, customer, eventName } = hour;
  const { id } = await trx
    .insertInto('drift')
    .values({
      ...{ provider, customer, event_name: eventName, tenant: sums.tenant, hour: new Date(hour.hour * 1000) },
      ...{ ...kept, first_seen_at: at },
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  return id;
}

/** An hour is equal again: what was open in it is no more. */
export async function clearDrift(trx: Transaction<Schema>, hour: PairHour, at: number): Promise<void> {
  const known = await open(trx, hour);
  if (known === undefined) return;
  await trx
    .updateTable('drift')
    .set({ state: 'CLEARED', reason: 'the sums are equal again', decided_at: new Date(at) })
    .where('id', '=', known.id)
    .execute();
}

/** The sums of an hour move: what was seen in it is looked at later. */
export async function putOff(trx: Transaction<Schema>, hour: PairHour, at: number): Promise<void> {
  const known = await open(trx, hour);
  if (known === undefined) return;
  await trx
    .updateTable('drift')
    .set({ seen_at: new Date(at) })
    .where('id', '=', known.id)
    .execute();
}

async function open(
  trx: Transaction<Schema>,
  { provider, customer, eventName, hour }: PairHour,
): Promise<{ readonly id: bigint } | undefined> {
  return await trx
    .selectFrom('drift')
    .select('id')
    .where('provider', '=', provider)
    .where('customer', '=', customer)
    .where('event_name', '=', eventName)
    .where('hour', '=', new Date(hour * 1000))
    .where('state', 'in', ['SEEN', 'HELD'])
    .executeTakeFirst();
}

/** Why a row is sent though nothing more was used. */
export type Cause = { readonly drift: bigint } | { readonly replaces: bigint };

/**
 * Freezes a row that tells the provider a difference: a revision of a window that states no usage, so that the ledger
 * stays the sum of its intervals, a charge of nothing, and the outbox row with the difference. What has an answer keeps
 * it: a drift and a rejected row are unique among causes, so a second call of the same cause fails.
 */
export async function freezeDifference(
  trx: Transaction<Schema>,
  { provider, customer, eventName }: PairHour,
  windowId: bigint,
  quantity: bigint,
  cause: Cause,
): Promise<void> {
  const { id, window, revision, tenant } = await restate(trx, windowId);
  const charge = await trx
    .selectFrom('charge')
    .select(['tenant', 'sku', 'book', 'version', 'currency', 'unit_price'])
    .where('usage_window_id', '=', windowId)
    .executeTakeFirstOrThrow();
  await trx
    .insertInto('charge')
    .values({ ...charge, usage_window_id: id, quantity: 0n, amount: '0' })
    .execute();
  const { account, mode } = await trx
    .selectFrom('billing_account')
    .select(['account', 'mode'])
    .where('provider', '=', provider)
    .executeTakeFirstOrThrow();
  const identifier = identifierOf({
    ...{ account, mode: mode === 'live' ? 'live' : 'test', eventName, customer, revision, tenant },
    ...{ start: window.start / 1000, end: window.end / 1000 },
  });
  await trx
    .insertInto('outbox')
    .values({
      ...{ usage_window_id: id, provider, identifier, event_name: eventName, customer, quantity, state: 'PENDING' },
      event_at: new Date(window.end - 1000),
      ...('drift' in cause ? { drift_id: cause.drift } : { replaces: cause.replaces }),
    })
    .execute();
}

/** The provider does not count a row that it took. */
export async function rejectRow(trx: Transaction<Schema>, id: bigint): Promise<void> {
  await trx
    .updateTable('outbox')
    .set({ state: 'REJECTED', last_error: 'taken, and reported later as not counted; another row takes its quantity' })
    .where('id', '=', id)
    .execute();
}
