import type { DatabaseConnection, Driver } from 'kysely';
import type { Clock } from '../observability/index.ts';

import type { FolderLock } from './folder-lock.ts';
import { StoreError } from './store-error.ts';

/** Longer than any transaction of the operator: a longer wait is a transaction that waits for itself. */
const patienceMillis = 60_000;

/**
 * Hands the one connection of an embedded database to one user at a time.
 * Kysely's PGlite driver does not: two transactions at once would share one, and a rollback would take both.
 * With a lock, nobody gets it, and no transaction is committed, once another process has taken the folder over.
 */
export function exclusiveDriver(driver: Driver, clock: Clock, lock?: Pick<FolderLock, 'verify'>): Driver {
  let tail: Promise<void> = Promise.resolve();
  const releases = new WeakMap<DatabaseConnection, () => void>();
  const acquire = async (): Promise<DatabaseConnection> => {
    const before = tail;
    const turn = Promise.withResolvers<void>();
    tail = before.then(() => turn.promise);
    try {
      await waitFor(before, clock);
      await lock?.verify();
    } catch (error) {
      turn.resolve();
      throw error;
    }
    const connection = await driver.acquireConnection();
    releases.set(connection, turn.resolve);
    return connection;
  };
  return {
    init: () => driver.init(),
    acquireConnection: acquire,
    beginTransaction: (connection, settings) => driver.beginTransaction(connection, settings),
    commitTransaction: async (connection) => {
      await lock?.verify();
      await driver.commitTransaction(connection);
    },
    rollbackTransaction: (connection) => driver.rollbackTransaction(connection),
    releaseConnection: async (connection) => {
      await driver.releaseConnection(connection);
      const release = releases.get(connection);
      releases.delete(connection);
      release?.();
    },
    destroy: () => driver.destroy(),
  };
}

async function waitFor(turn: Promise<void>, clock: Clock): Promise<void> {
  const stop = new AbortController();
  const late = clock.sleep(patienceMillis, stop.signal).then(
    () => {
      throw new StoreError(
        'StoreBusy',
        `a query waited ${patienceMillis / 1000} s for the embedded database; a statement inside a transaction must go through the transaction, not through the database`,
      );
    },
    () => undefined,
  );
  await Promise.race([turn, late]);
  stop.abort();
}
