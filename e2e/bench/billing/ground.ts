/** What the parts of the benchmark share: a database of each part's own, silent logs, and the machine's time. */
import { createLogger, systemClock } from '../../../operator/observability/index.ts';
import { openStore, type Store } from '../../../operator/store/index.ts';
import { startPostgres } from '../../../operator/store/testing/index.ts';
import { BenchImpossible } from '../command.ts';

/** A server of PostgreSQL. */
export interface Ground {
  /** A fresh, migrated store. */
  open(): Promise<Store>;
  close(): Promise<void>;
}

/** Nothing is said while it is measured. */
export const log = createLogger({ level: 'silent' });

/** Starts PostgreSQL without fsync; throws BenchImpossible where the machine has none. */
export async function layGround(): Promise<Ground> {
  const server = await startPostgres();
  if ('unavailable' in server) throw new BenchImpossible(server.unavailable);
  const opened: Store[] = [];
  return {
    open: async () => {
      const store = await openStore({ url: await server.database(), log, clock: systemClock });
      opened.push(store);
      await store.migrate();
      return store;
    },
    close: async () => {
      for (const store of opened.splice(0)) await store.close();
      await server.stop();
    },
  };
}

/** Seconds since a moment of `performance.now()`. */
export function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}
