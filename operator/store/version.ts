import { type Kysely, sql } from 'kysely';

import type { Migration } from './migration.ts';
import { readerRole } from './roles/names.ts';
import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';

/**
 * Says whether the schema is exactly that of this version, and changes nothing: what only reads must neither migrate a
 * database on which another version works, nor need the right to. Throws `StoreVersion`, or `StoreRightsMissing` where the
 * login may not even look.
 */
export async function checkVersion(db: Kysely<Schema>, migrations: readonly Migration[]): Promise<void> {
  const applied = await readApplied(db);
  const [ours, theirs] = [new Set(migrations.map(({ name }) => name)), new Set(applied)];
  const missing = [...ours].filter((name) => !theirs.has(name)).toSorted();
  const unknown = applied.filter((name) => !ours.has(name)).toSorted();
  if (applied.length === 0) {
    throw new StoreError(
      'StoreVersion',
      'the database holds no store that this login can see: check the place; the operator makes the tables when it starts, or "gpuopt store migrate" does',
    );
  }
  if (unknown.length > 0) {
    throw new StoreError(
      'StoreVersion',
      `a newer version works on this database: it has ${unknown.length} migrations that this one does not know, from ${unknown[0]} on; use the gpuopt of that version`,
    );
  }
  if (missing.length > 0) {
    throw new StoreError(
      'StoreVersion',
      `an older version works on this database: ${missing.length} migrations are missing, from ${missing[0]} on; use the gpuopt of that version, or bring the schema up to date with "gpuopt store migrate"`,
    );
  }
}

async function readApplied(db: Kysely<Schema>): Promise<readonly string[]> {
  try {
    const there = await sql<{ name: string | null }>`SELECT to_regclass('schema_migration')::text AS name`.execute(db);
    if (there.rows[0]?.name === null) return [];
    const { rows } = await sql<{ name: string }>`SELECT name FROM schema_migration`.execute(db);
    return rows.map(({ name }) => name);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === '42501')) throw cause;
    throw new StoreError(
      'StoreRightsMissing',
      `this login may not read the store: let a database administrator grant it ${readerRole}`,
      { cause },
    );
  }
}
