import { hostname } from 'node:os';

import type { Kysely, Transaction } from 'kysely';

import type { Clock, Logger } from '../observability/index.ts';
import { backupStore, type OnTable } from './backup/backup.ts';
import type { BackupManifest } from './backup/format.ts';
import { type Occupied, type Restored, restoreStore } from './backup/restore.ts';
import { createFence, type Fence } from './fence.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { openPglite } from './pglite-database.ts';
import { openPostgres } from './postgres-database.ts';
import { writerRole } from './roles/names.ts';
import { readAsTenant } from './roles/tenant-session.ts';
import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';
import { checkVersion } from './version.ts';

/** Where the store is: `url` for PostgreSQL, else `dataDir` for the embedded PGlite, else PGlite in memory (`dataDir: ':memory:'`). */
export interface StoreOptions {
  readonly url?: string;
  readonly dataDir?: string;
  readonly log: Logger;
  readonly clock: Clock;
}

/** An open database. `db` is safe for concurrent use; inside a transaction only the transaction may be used. */
export interface Store {
  readonly kind: 'pglite' | 'postgres';
  readonly db: Kysely<Schema>;
  /** Refuses the writes of a superseded leader; all leader work writes through it. */
  readonly fence: Fence;
  /**
   * Applies the migrations that are missing; safe to call by several processes. From then on `db` is the role
   * `gpuopt_writer`, which cannot delete or change ledgers, where the login may take it.
   */
  migrate(): Promise<void>;
  /** For what only reads: changes nothing, and throws `StoreVersion` unless the schema is that of this version. */
  checkVersion(): Promise<void>;
  /**
   * Reads as a tenant: the database itself shows that tenant's rows only, and takes no change.
   * Throws `StoreRolesMissing` where the database has no such role, so that nothing is shown without it.
   */
  readAs<T>(tenant: string, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T>;
  /** Writes every row, all of one moment, to a new file; `onTable` hears of each table. */
  backup(file: string, onTable?: OnTable): Promise<BackupManifest>;
  /** Puts a backup into this migrated database, all of it or nothing. */
  restore(file: string, occupied: Occupied, onTable?: OnTable): Promise<Restored>;
  /** Closes the database and lets its folder go; idempotent. */
  close(): Promise<void>;
}

/**
 * Opens the store. Throws StoreError: `StoreLocked` when another process has the data folder open,
 * `StoreUnreachable` when the database does not answer, `StoreOptions` when neither place is named.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, dataDir, log, clock } = options;
  if ((url === undefined) === (dataDir === undefined)) {
    throw new StoreError(
      'StoreOptions',
      'name one place of the store: --database-url (PostgreSQL) or --data-dir (embedded)',
    );
  }
  let role: string | undefined;
  const opened =
    url === undefined
      ? await openPglite(dataDir === ':memory:' ? undefined : dataDir, clock, () => role)
      : await openPostgres(url, log, () => role);
  let closing: Promise<void> | undefined;
  return {
    kind: url === undefined ? 'pglite' : 'postgres',
    db: opened.db,
    fence: createFence(opened.db, `${hostname()}/${process.pid}`),
    migrate: async () => {
      const taken = await migrate(opened.db, migrations, log);
      role = taken === 'absent' ? undefined : writerRole;
    },
    checkVersion: () => checkVersion(opened.db, migrations),
    readAs: async (tenant, work) => {
      if (role === undefined) throw rolesMissing();
      return await readAsTenant(opened.db, tenant, work);
    },
    backup: (file, onTable) => backupStore(opened.db, file, new Date(clock.now()), onTable),
    restore: (file, occupied, onTable) => restoreStore(opened.db, file, new Date(clock.now()), occupied, onTable),
    close: () => {
      closing ??= opened.close();
      return closing;
    },
  };
}

function rolesMissing(): StoreError {
  return new StoreError(
    'StoreRolesMissing',
    'this database has no role gpuopt_tenant that the login may take: let a database administrator run what "gpuopt store roles --login LOGIN" prints, then start the operator again',
  );
}
