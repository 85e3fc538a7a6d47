import { sql, type Transaction } from 'kysely';

import type { Schema, Store } from '../store/index.ts';
import type { Closing, NewInterval, OpenInterval, Plan } from './facts.ts';

/** Rows of one INSERT: 13 parameters each stay far below PostgreSQL's 65,535. */
const batchRows = 1000;
const seenMark = 'metering.seen';

/** The open intervals, and when the pass before looked (milliseconds since 1970). */
export async function readOpen(
  store: Store,
): Promise<{ readonly open: readonly OpenInterval[]; readonly before?: number }> {
  const rows = await store.db
    .selectFrom('alloc_interval')
    .select(['uid', 'namespace', 'pod', 'device_key', 'tenant', 'opened_at'])
    .where('closed_at', 'is', null)
    .execute();
  const open = rows.map(({ uid, namespace, pod, device_key, tenant, opened_at }) => ({
    uid,
    namespace,
    pod,
    deviceKey: device_key,
    tenant,
    openedAt: opened_at.getTime(),
  }));
  return { open, before: await readSeen(store) };
}

/** When the last pass looked, in milliseconds since 1970; undefined before the first. */
export async function readSeen(store: Store): Promise<number | undefined> {
  const row = await store.db.selectFrom('watermark').select('at').where('name', '=', seenMark).executeTakeFirst();
  return row?.at.getTime();
}

/** Stores a pass in one transaction: its intervals, what they change in sealed windows, and that it looked at `now`. */
export async function writePlan(store: Store, plan: Plan, now: number): Promise<void> {
  await store.fence.within(async (trx) => {
    // First, because it keeps the sealer out: an end told while its window is sealed would be neither in it nor late.
    await trx
      .insertInto('watermark')
      .values({ name: seenMark, at: new Date(now) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ at: new Date(now) }))
      .execute();
    // Ends come before beginnings: a tenant's change closes an interval and opens its successor under the same key.
    await close(trx, plan.close);
    for (let from = 0; from < plan.open.length; from += batchRows) {
      await insert(trx, await beyondStored(trx, plan.open.slice(from, from + batchRows)));
    }
  });
}

/** Keeps passes from writing until the transaction ends, and waits for one that writes. */
export async function lockPasses(trx: Transaction<Schema>): Promise<void> {
  await trx.selectFrom('watermark').select('at').where('name', '=', seenMark).forUpdate().execute();
}

/**
 * What the store does not have yet of the intervals: a pod's end is stored once though its bind may be told anew, and
 * one that was taken for gone goes on from there.
 */
async function beyondStored(
  trx: Transaction<Schema>,
  intervals: readonly NewInterval[],
): Promise<readonly NewInterval[]> {
  const uids = [...new Set(intervals.map(({ uid }) => uid))];
  const rows = await trx
    .selectFrom('alloc_interval')
    .distinctOn(['uid', 'device_key'])
    .select(['uid', 'device_key', 'closed_at', 'estimated'])
    .where('uid', 'in', uids)
    .orderBy('uid')
    .orderBy('device_key')
    .orderBy('closed_at', 'desc')
    .execute();
  const last = new Map(rows.map((row) => [`${row.uid}\n${row.device_key}`, row]));
  return intervals.flatMap((one) => {
    const stored = last.get(`${one.uid}\n${one.deviceKey}`);
    if (stored === undefined || stored.closed_at === null) return [one];
    // A claim that pods name may hold a device again after it let go.
    const isAgain = one.openedAt >= stored.closed_at.getTime();
    if (one.end !== undefined && !stored.estimated && !isAgain) return [];
    const openedAt = Math.max(one.openedAt, stored.closed_at.getTime());
    return one.end !== undefined && one.end.at <= openedAt ? [] : [{ ...one, openedAt }];
  });
}

async function insert(trx: Transaction<Schema>, intervals: readonly NewInterval[]): Promise<void> {
  if (intervals.length === 0) return;
  const stored = await trx
    .insertInto('alloc_interval')
    .values(
      intervals.map((one) => ({
        uid: one.uid,
        device_key: one.deviceKey,
        opened_at: new Date(one.openedAt),
        closed_at: one.end === undefined ? null : new Date(one.end.at),
        tenant: one.tenant,
        namespace: one.namespace,
        pod: one.pod,
        node: one.node,
        model: one.model,
        profile: one.profile,
        meter: one.meter,
        units: one.units,
        estimated: one.end?.estimated ?? false,
      })),
    )
    .onConflict((conflict) => conflict.columns(['uid', 'device_key', 'opened_at']).doNothing())
    .returning(['tenant', 'meter', 'opened_at', 'closed_at'])
    .execute();
  const sealed = await sealedThrough(trx);
  if (sealed === undefined) return;
  const late = stored.filter(({ opened_at }) => opened_at < sealed);
  await markLate(
    trx,
    late.map(({ tenant, meter, opened_at, closed_at }) => ({
      tenant,
      meter,
      from_at: opened_at,
      to_at: closed_at ?? sealed,
    })),
  );
}

async function close(trx: Transaction<Schema>, closings: readonly Closing[]): Promise<void> {
  if (closings.length === 0) return;
  const ends = JSON.stringify(
    closings.map(({ uid, deviceKey, end }) => ({
      uid,
      device_key: deviceKey,
      closed_at: new Date(end.at).toISOString(),
      estimated: end.estimated,
    })),
  );
  const { rows } = await sql<{ tenant: string; meter: string; closed_at: Date }>`
    UPDATE alloc_interval AS i SET closed_at = greatest(e.closed_at, i.opened_at), estimated = e.estimated
    FROM json_to_recordset(${ends}::json) AS e(uid text, device_key text, closed_at timestamptz, estimated boolean)
    WHERE i.uid = e.uid AND i.device_key = e.device_key AND i.closed_at IS NULL
    RETURNING i.tenant, i.meter, i.closed_at`.execute(trx);
  const sealed = await sealedThrough(trx);
  if (sealed === undefined) return;
  const late = rows.filter(({ closed_at }) => closed_at < sealed);
  await markLate(
    trx,
    late.map(({ tenant, meter, closed_at }) => ({ tenant, meter, from_at: closed_at, to_at: sealed })),
  );
}

async function markLate(
  trx: Transaction<Schema>,
  changes: readonly { tenant: string; meter: string; from_at: Date; to_at: Date }[],
): Promise<void> {
  if (changes.length > 0) await trx.insertInto('late_change').values(changes).execute();
}

async function sealedThrough(trx: Transaction<Schema>): Promise<Date | undefined> {
  const row = await trx
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('end'))
    .executeTakeFirst();
  return row?.end ?? undefined;
}
