import type { Store } from '../../store/index.ts';
import type { CapacityPlan, OpenCapacity } from './decide.ts';

const seenMark = 'metering.capacity';

/** The capacities without an end, and when the pass before looked (milliseconds since 1970). */
export async function readCapacities(
  store: Store,
): Promise<{ readonly open: readonly OpenCapacity[]; readonly before?: number }> {
  const rows = await store.db.selectFrom('node_capacity').selectAll().where('closed_at', 'is', null).execute();
  const mark = await store.db.selectFrom('watermark').select('at').where('name', '=', seenMark).executeTakeFirst();
  const open = rows.map(({ node, model, gpus, region, opened_at }) => ({
    ...{ node, model, gpus, openedAt: opened_at.getTime() },
    ...(region !== null && { region }),
  }));
  return { open, before: mark?.at.getTime() };
}

/** Stores a pass in one transaction: what began and ended, and that it looked at `now`. */
export async function writeCapacities(store: Store, { close, open }: CapacityPlan, now: number): Promise<void> {
  await store.fence.within(async (trx) => {
    await trx
      .insertInto('watermark')
      .values({ name: seenMark, at: new Date(now) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ at: new Date(now) }))
      .execute();
    for (const { node, at } of close) {
      await trx
        .updateTable('node_capacity')
        .set({ closed_at: new Date(at) })
        .where('node', '=', node)
        .where('closed_at', 'is', null)
        .execute();
    }
    if (open.length === 0) return;
    const rows = open.map(({ node, model, gpus, region, openedAt }) => ({
      ...{ node, model, gpus, region: region ?? null, opened_at: new Date(openedAt), closed_at: null },
    }));
    await trx
      .insertInto('node_capacity')
      .values(rows)
      // The same pass twice within a millisecond.
      .onConflict((conflict) => conflict.columns(['node', 'opened_at']).doNothing())
      .execute();
  });
}
