import { type Kysely, sql, type Transaction } from 'kysely';

import { doubtUnsettled } from '../doubt.ts';
import type { Schema } from '../schema/index.ts';
import { StoreError } from '../store-error.ts';
import type { OnTable } from './backup.ts';
import { readRowLine } from './format.ts';
import { type CheckedBackup, checkBackup, invalid, linesOf } from './read.ts';
import { beOwner, chainHeads, dataTables, schemaOf } from './tables.ts';

/** What to do with a database that holds something. */
export type Occupied = 'refuse' | 'replace';

/** What became of a restore. */
export interface Restored extends CheckedBackup {
  /** The epoch from now on: a process that leads under another stops at its next write. */
  readonly epoch: bigint;
  /** Rows of the outbox whose fate the provider will be asked for before they are sent. */
  readonly doubtful: number;
}

/** Rows that are in memory at once. */
const batchRows = 500;

/**
 * Puts a backup into a migrated database, all of it or nothing. The file is read to its end and compared with its
 * manifest before the database is touched. Afterwards nothing is believed to be unsent: what the backup knew as unsent,
 * and what is frozen anew for the time before `now`, is looked up at the provider first.
 * Throws `StoreBackupInvalid`, and `StoreNotEmpty` where the database holds rows and `occupied` does not replace them.
 */
export async function restoreStore(
  db: Kysely<Schema>,
  file: string,
  now: Date,
  occupied: Occupied,
  onTable: OnTable = () => undefined,
): Promise<Restored> {
  const checked = await checkBackup(file);
  return await db.transaction().execute(async (trx) => {
    await beOwner(trx);
    await sameSchema(trx, file, checked);
    const { epoch: before } = await trx.selectFrom('leader_epoch').select('epoch').executeTakeFirstOrThrow();
    await empty(trx, occupied);
    await load(trx, file, onTable);
    await continueIdentities(trx);
    await sameChains(trx, file, checked);
    return { ...checked, epoch: await raiseEpoch(trx, before), doubtful: await doubtUnsettled(trx, now) };
  });
}

async function sameSchema(trx: Transaction<Schema>, file: string, { header }: CheckedBackup): Promise<void> {
  const ours = await schemaOf(trx);
  if (ours.join() === header.schema.join()) return;
  throw invalid(
    file,
    `it is of schema ${header.schema.at(-1) ?? 'none'} (${header.schema.length} migrations) and the database of ${ours.at(-1)} (${ours.length}): restore it with the version of gpuopt that wrote it, then let the newer one migrate`,
  );
}

async function empty(trx: Transaction<Schema>, occupied: Occupied): Promise<void> {
  const tables = (await dataTables(trx)).filter((table) => table !== 'leader_epoch');
  for (const table of occupied === 'refuse' ? tables : []) {
    const { rows } = await sql`SELECT 1 FROM ${sql.table(table)} LIMIT 1`.execute(trx);
    if (rows.length === 0) continue;
    throw new StoreError(
      'StoreNotEmpty',
      `the database holds rows (table ${table}): restore into an empty one, or replace all of it with --force`,
    );
  }
  await sql`TRUNCATE ${sql.join([...tables, 'leader_epoch'].map((table) => sql.table(table)))}`.execute(trx);
}

async function load(trx: Transaction<Schema>, file: string, onTable: OnTable): Promise<void> {
  const known = await dataTables(trx);
  let batch: string[] = [];
  let current = '';
  let count = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await insert(trx, current, batch);
    count += batch.length;
    batch = [];
  };
  for await (const line of linesOf(file)) {
    const row = readRowLine(line);
    if (row === undefined) continue;
    if (row.table !== current) {
      await flush();
      if (current !== '') onTable(current, count);
      if (!known.includes(row.table)) throw invalid(file, `table ${row.table} is unknown`);
      [current, count] = [row.table, 0];
    }
    batch.push(row.json);
    if (batch.length === batchRows) await flush();
  }
  await flush();
  if (current !== '') onTable(current, count);
}

/** The database reads what it wrote: every digit of money and every microsecond comes back. */
async function insert(trx: Transaction<Schema>, table: string, rows: readonly string[]): Promise<void> {
  const into = sql.table(table);
  await sql`INSERT INTO ${into} OVERRIDING SYSTEM VALUE
    SELECT row.* FROM jsonb_array_elements(${`[${rows.join(',')}]`}::jsonb) WITH ORDINALITY AS line(json, number),
    jsonb_populate_record(NULL::${into}, line.json) AS row ORDER BY line.number`.execute(trx);
}

/** Lets numbers go on after the highest that was restored. */
async function continueIdentities(trx: Transaction<Schema>): Promise<void> {
  const { rows } = await sql<{ table: string; column: string }>`SELECT table_name AS "table", column_name AS "column"
    FROM information_schema.columns WHERE table_schema = current_schema() AND is_identity = 'YES'`.execute(trx);
  for (const { table, column } of rows) {
    await sql`SELECT setval(pg_get_serial_sequence(${table}, ${column}), coalesce(max(${sql.ref(column)}), 0) + 1, false)
      FROM ${sql.table(table)}`.execute(trx);
  }
}

/** Each tenant's chain ends as it did, and each window names the one before. */
async function sameChains(trx: Transaction<Schema>, file: string, { manifest }: CheckedBackup): Promise<void> {
  const heads = await chainHeads(trx);
  for (const tenant of new Set([...Object.keys(heads), ...Object.keys(manifest.chainHeads)])) {
    if (heads[tenant] === manifest.chainHeads[tenant]) continue;
    throw invalid(
      file,
      `the usage of tenant ${tenant} ends with hash ${heads[tenant] ?? 'none'}, not ${manifest.chainHeads[tenant] ?? 'none'}`,
    );
  }
  const { rows } = await sql<{ tenant: string; id: bigint }>`SELECT tenant, id FROM (
      SELECT tenant, id, prev_hash, lag(hash) OVER (PARTITION BY tenant ORDER BY id) AS before FROM usage_window
    ) AS w WHERE before IS NOT NULL AND prev_hash <> before ORDER BY id LIMIT 1`.execute(trx);
  const broken = rows[0];
  if (broken !== undefined)
    throw invalid(file, `the chain of tenant ${broken.tenant} is broken before usage window ${broken.id}`);
}

/** Above the epoch of both databases: whoever still leads the replaced one is fenced. */
async function raiseEpoch(trx: Transaction<Schema>, before: bigint): Promise<bigint> {
  const { epoch } = await trx
    .updateTable('leader_epoch')
    .set((eb) => ({
      epoch: eb(eb.fn<bigint>('greatest', ['epoch', eb.val(before)]), '+', 1n),
      holder: 'a restored backup',
      taken_at: sql<Date>`now()`,
    }))
    .returning('epoch')
    .executeTakeFirstOrThrow();
  return epoch;
}
