import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';

/**
 * Refuses the writes of a process that another has succeeded. A Lease is not a fence: a paused leader wakes up and
 * goes on; here its next transaction fails, because its successor has raised the epoch.
 */
export interface Fence {
  /** The epoch of this process, taken at the first call. */
  epoch(): Promise<bigint>;
  /** Runs `work` in a transaction that holds the epoch; throws `StoreFenced` when a successor has raised it. */
  within<T>(work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>;
}

/** The fence of one process on one database; the epoch is taken when the first leader work asks for it. */
export function createFence(db: Kysely<Schema>, holder: string): Fence {
  let taken: Promise<bigint> | undefined;
  const epoch = (): Promise<bigint> => {
    taken ??= takeEpoch(db, holder).catch((error: unknown) => {
      taken = undefined;
      throw error;
    });
    return taken;
  };
  return {
    epoch,
    within: async (work) => {
      const mine = await epoch();
      return await db.transaction().execute(async (trx) => {
        await assertEpoch(trx, mine);
        return await work(trx);
      });
    },
  };
}

async function takeEpoch(db: Kysely<Schema>, holder: string): Promise<bigint> {
  const row = await db
    .updateTable('leader_epoch')
    .set((eb) => ({ epoch: eb('epoch', '+', 1n), holder, taken_at: sql<Date>`now()` }))
    .returning('epoch')
    .executeTakeFirstOrThrow();
  return row.epoch;
}

async function assertEpoch(trx: Transaction<Schema>, mine: bigint): Promise<void> {
  const row = await trx.selectFrom('leader_epoch').select(['epoch', 'holder']).forShare().executeTakeFirstOrThrow();
  if (row.epoch === mine) return;
  throw new StoreError(
    'StoreFenced',
    `this process leads under epoch ${mine}, but ${row.holder} has taken epoch ${row.epoch}: it must stop and start again`,
  );
}
