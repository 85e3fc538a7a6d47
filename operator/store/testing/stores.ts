import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, beforeEach } from 'vitest';

import { createLogger, systemClock } from '../../observability/index.ts';
import { openStore, type Schema, type Store } from '../index.ts';
import { type StartedPostgres, startPostgres } from './postgres.ts';

/** The kinds of store on which every test of stored things runs. */
export const storeKinds = ['pglite', 'postgres'] as const;

/** Opens fresh migrated stores for tests and closes them all at the end. */
export interface TestStores {
  /** A fresh store, or why this machine has none of that kind. */
  open(kind: (typeof storeKinds)[number]): Promise<Store | { readonly unavailable: string }>;
  close(): Promise<void>;
}

/** Stores for one test file: PGlite in memory, and one PostgreSQL server with a database a test. */
export function testStores(): TestStores {
  const log = createLogger({ level: 'silent' });
  const opened: Store[] = [];
  let server: Promise<StartedPostgres> | undefined;
  const ready = async (store: Store): Promise<Store> => {
    opened.push(store);
    await store.migrate();
    return store;
  };
  return {
    open: async (kind) => {
      if (kind === 'pglite') return await ready(await openStore({ dataDir: ':memory:', log, clock: systemClock }));
      server ??= startPostgres();
      const started = await server;
      if ('unavailable' in started) return started;
      return await ready(await openStore({ url: await started.database(), log, clock: systemClock }));
    },
    close: async () => {
      for (const store of opened.splice(0)) await store.close();
      const started = await server;
      if (started !== undefined && 'stop' in started) await started.stop();
    },
  };
}

/** Empties every table but those of the store itself: opening an embedded database takes seconds, this milliseconds. */
export async function emptyTables(store: Store): Promise<void> {
  const { rows } = await sql<{ name: string }>`SELECT tablename AS name FROM pg_tables
    WHERE schemaname = 'public' AND tablename NOT IN ('schema_migration', 'leader_epoch', 'role_rights')`.execute(
    store.db,
  );
  const tables = rows.map(({ name }) => sql.table(name));
  if (tables.length === 0) return;
  await asOwner(store, (trx) => sql`TRUNCATE ${sql.join(tables)} RESTART IDENTITY`.execute(trx));
}

/** Does what the operator itself may not, such as changing a ledger: for tests that plant damage. */
export async function asOwner<T>(store: Store, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  return await store.db.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE NONE`.execute(trx);
    return await work(trx);
  });
}

/**
 * One store for a test file: opened before its tests, emptied before each, closed after the last. Call it at the top of
 * the file. Embedded unless `kind` says otherwise; a machine without PostgreSQL fails there, so such tests skip themselves.
 */
export function storeForFile(kind: (typeof storeKinds)[number] = 'pglite'): () => Store {
  const stores = testStores();
  let store: Store | undefined;
  const opened = (): Store => {
    if (store === undefined) throw new Error('the store opens in beforeAll: use it inside a test');
    return store;
  };
  beforeAll(async () => {
    const answer = await stores.open(kind);
    if ('unavailable' in answer) throw new Error(answer.unavailable);
    store = answer;
  });
  beforeEach(() => emptyTables(opened()));
  afterAll(() => stores.close());
  return opened;
}
