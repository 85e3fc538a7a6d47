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
    .select(['uid', 'device_key', 'tenant', 'opened_at'])
    .where('closed_at', 'is', null)
    .execute();
  const open = rows.map(({ uid, device_key, tenant, opened_at }) => ({
    uid,
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
    // Ends come first: a tenant's change closes an interval and opens its successor under the same key.
    await close(trx, plan.close);
    for (let from = 0; from < plan.open.length; from += batchRows) {
      await insert(trx, plan.open.slice(from, from + batchRows));
    }
    await trx
      .insertInto('watermark')
      .values({ name: seenMark, at: new Date(now) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ at: new Date(now) }))
      .execute();
  });
}

async function insert(trx: Transaction<Schema>, intervals: readonly NewInterval[]): Promise<void> {
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
