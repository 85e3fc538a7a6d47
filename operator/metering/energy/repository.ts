import type { Store } from '../../store/index.ts';
import type { EnergySample } from './series.ts';

const readMark = 'metering.energy';
/** Rows of one INSERT: 6 parameters each stay far below PostgreSQL's 65,535. */
const batchRows = 1000;

/** How far the counters have been read, in milliseconds since 1970; undefined before the first time. */
export async function readThrough(store: Store): Promise<number | undefined> {
  const row = await store.db.selectFrom('watermark').select('at').where('name', '=', readMark).executeTakeFirst();
  return row?.at.getTime();
}

/** Stores what was read and how far, in one transaction. What is there already stays as it was written first. */
export async function writeSamples(store: Store, samples: readonly EnergySample[], through: number): Promise<void> {
  const rows = samples.map(({ gpu, node, from, to, millijoules, pods }) => ({
    ...{ gpu, node, from_at: new Date(from), to_at: new Date(to), millijoules, pods: JSON.stringify(pods) },
  }));
  await store.fence.within(async (trx) => {
    for (let from = 0; from < rows.length; from += batchRows) {
      await trx
        .insertInto('energy_sample')
        .values(rows.slice(from, from + batchRows))
        .onConflict((conflict) => conflict.columns(['gpu', 'from_at']).doNothing())
        .execute();
    }
    await trx
      .insertInto('watermark')
      .values({ name: readMark, at: new Date(through) })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ at: new Date(through) }))
      .execute();
  });
}
