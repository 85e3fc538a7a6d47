import { doubtUnsettled, type Store } from '../../store/index.ts';

/** The number of the last batch that this database knows to have left. */
export async function readBatch({ db }: Pick<Store, 'db'>): Promise<bigint> {
  const row = await db.selectFrom('sent_batch').select('number').executeTakeFirst();
  return row?.number ?? 0n;
}

/**
 * Doubts every unsettled row where the store is behind `kept`, the number of the last batch that left: it was put back to
 * an earlier state (rule R9). Returns the rows that are read back now, or undefined where the store is not behind.
 */
export async function doubtIfBehind(store: Store, kept: bigint, now: number): Promise<number | undefined> {
  if ((await readBatch(store)) >= kept) return undefined;
  return await store.fence.within(async (trx) => {
    if ((await readBatch({ db: trx })) >= kept) return undefined;
    const rows = await doubtUnsettled(trx, new Date(now));
    await trx
      .insertInto('sent_batch')
      .values({ number: kept })
      .onConflict((conflict) => conflict.column('one').doUpdateSet({ number: kept }))
      .execute();
    return rows;
  });
}
