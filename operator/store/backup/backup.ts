import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema } from '../schema/index.ts';
import { StoreError } from '../store-error.ts';
import { type BackupHeader, type BackupManifest, backupFormat, createSumming, rowLine } from './format.ts';
import { beOwner, chainHeads, dataTables, schemaOf } from './tables.ts';

/** Told after each table, for people who wait. */
export type OnTable = (table: string, rows: number) => void;

/** Rows that are in memory at once. */
const batchRows = 1000;

/**
 * Writes every row of the store, all of one moment, to a new file that only its owner may read: it holds personal data
 * and keys. The file appears when it is complete. Throws `StoreBackupInvalid` where the file is there already.
 */
export async function backupStore(
  db: Kysely<Schema>,
  file: string,
  takenAt: Date,
  onTable: OnTable = () => undefined,
): Promise<BackupManifest> {
  if (await exists(file)) {
    throw new StoreError('StoreBackupInvalid', `--to ${file} is there already: name a new file, or remove it first`);
  }
  const draft = `${file}.partial`;
  try {
    const manifest = await writeDraft(db, draft, takenAt, onTable);
    await rename(draft, file);
    return manifest;
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function writeDraft(db: Kysely<Schema>, draft: string, takenAt: Date, onTable: OnTable): Promise<BackupManifest> {
  const handle = await open(draft, 'w', 0o600);
  try {
    const manifest = await db.transaction().execute((trx) => write(trx, handle, takenAt, onTable));
    await handle.sync();
    return manifest;
  } finally {
    await handle.close();
  }
}

async function write(
  trx: Transaction<Schema>,
  handle: FileHandle,
  takenAt: Date,
  onTable: OnTable,
): Promise<BackupManifest> {
  // Stated here: the embedded database's driver leaves out what is said at the beginning.
  await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(trx);
  await beOwner(trx);
  await sql`SET LOCAL TimeZone = 'UTC'`.execute(trx);
  const header: BackupHeader = { format: backupFormat, takenAt: takenAt.toISOString(), schema: await schemaOf(trx) };
  const sums = createSumming();
  const put = async (lines: readonly string[], table?: string): Promise<void> => {
    for (const line of lines) sums.add(line, table);
    await handle.write(lines.map((line) => `${line}\n`).join(''));
  };
  await put([JSON.stringify(header)]);
  for (const table of await dataTables(trx)) {
    let rows = 0;
    for await (const batch of batches(trx, table)) {
      rows += batch.length;
      await put(
        batch.map((json) => rowLine(table, json)),
        table,
      );
    }
    onTable(table, rows);
  }
  const manifest: BackupManifest = { tables: sums.tables(), chainHeads: await chainHeads(trx), sha256: sums.sha256() };
  await handle.write(`${JSON.stringify({ manifest })}\n`);
  return manifest;
}

/** The rows of a table as the database writes them, by its primary key, so that a row comes after those it may point at. */
async function* batches(trx: Transaction<Schema>, table: string): AsyncGenerator<readonly string[]> {
  const key = await sql<{ name: string }>`SELECT a.attname AS name FROM pg_index AS i
    JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = ${table}::regclass AND i.indisprimary ORDER BY array_position(i.indkey, a.attnum)`.execute(trx);
  const order = sql.join(key.rows.map(({ name }) => sql.ref(name)));
  await sql`DECLARE backup_rows NO SCROLL CURSOR FOR
    SELECT to_jsonb(t)::text AS json FROM ${sql.table(table)} AS t ORDER BY ${order}`.execute(trx);
  for (;;) {
    const { rows } = await sql<{ json: string }>`FETCH ${sql.lit(batchRows)} FROM backup_rows`.execute(trx);
    if (rows.length === 0) break;
    yield rows.map(({ json }) => json);
  }
  await sql`CLOSE backup_rows`.execute(trx);
}

async function exists(file: string): Promise<boolean> {
  try {
    await stat(file);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
