import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { PGlite } from '@electric-sql/pglite';
import { type Dialect, Kysely, PGliteDialect } from 'kysely';

import type { Clock } from '../observability/index.ts';
import { exclusiveDriver } from './exclusive-driver.ts';
import { type FolderLock, lockFolder } from './folder-lock.ts';
import { assumingDriver } from './roles/assume.ts';
import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';

/** PostgreSQL's type number of a 64-bit integer. */
const int8 = 20;

/** An open embedded database with the lock on its folder. */
export interface OpenDatabase {
  readonly db: Kysely<Schema>;
  close(): Promise<void>;
}

/**
 * Opens PGlite in `dataDir` (in memory without one), holding the folder's lock until `close`. `role` is asked at each use
 * of the connection.
 */
export async function openPglite(
  dataDir: string | undefined,
  clock: Clock,
  role: () => string | undefined,
): Promise<OpenDatabase> {
  const lock = dataDir === undefined ? undefined : await lockFolder(dataDir, clock);
  try {
    const pglite = await createPglite(dataDir);
    const db = new Kysely<Schema>({ dialect: exclusiveDialect(pglite, clock, role, lock) });
    const close = async (): Promise<void> => {
      await db.destroy();
      if (!pglite.closed) await pglite.close();
      await lock?.release();
    };
    return { db, close };
  } catch (error) {
    await lock?.release();
    throw error;
  }
}

async function createPglite(dataDir: string | undefined): Promise<PGlite> {
  const options = { parsers: { [int8]: (text: string) => BigInt(text) } };
  if (dataDir === undefined) return await PGlite.create(options);
  const folder = join(dataDir, 'pglite');
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    return await PGlite.create(folder, options);
  } catch (cause) {
    throw new StoreError(
      'StoreUnreachable',
      `the embedded database in ${folder} does not open: look at the cause; restore the folder from a backup, or choose another --data-dir`,
      { cause },
    );
  }
}

function exclusiveDialect(
  pglite: PGlite,
  clock: Clock,
  role: () => string | undefined,
  lock: FolderLock | undefined,
): Dialect {
  const inner = new PGliteDialect({ pglite });
  return {
    createAdapter: () => inner.createAdapter(),
    createDriver: () => assumingDriver(exclusiveDriver(inner.createDriver(), clock, lock), role),
    createIntrospector: (db) => inner.createIntrospector(db),
    createQueryCompiler: () => inner.createQueryCompiler(),
  };
}
