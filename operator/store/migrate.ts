import { type Kysely, sql } from 'kysely';

import type { Logger } from '../observability/index.ts';
import type { Migration } from './migration.ts';
import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';

/** Serialises migrations of one database between processes; any constant that nobody else uses does. */
const advisoryLock = 7_305_521n;

/**
 * Applies what is missing, in the order of the names, each in one transaction with its entry in `schema_migration`:
 * a crash leaves a migration either done or not begun.
 */
export async function migrate(db: Kysely<Schema>, migrations: readonly Migration[], log: Logger): Promise<void> {
  await db.transaction().execute(async (trx) => {
    // Two processes that create one table at once collide even with IF NOT EXISTS.
    await sql`SELECT pg_advisory_xact_lock(${advisoryLock})`.execute(trx);
    await sql`CREATE TABLE IF NOT EXISTS schema_migration (
      name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`.execute(trx);
  });
  for (const migration of migrations.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    if (await apply(db, migration)) log.info({ migration: migration.name }, 'migrated the store');
  }
}

async function apply(db: Kysely<Schema>, migration: Migration): Promise<boolean> {
  try {
    return await db.transaction().execute(async (trx) => {
      await sql`SELECT pg_advisory_xact_lock(${advisoryLock})`.execute(trx);
      const done = await sql`SELECT 1 FROM schema_migration WHERE name = ${migration.name}`.execute(trx);
      if (done.rows.length > 0) return false;
      for (const statement of migration.statements) await sql.raw(statement).execute(trx);
      await sql`INSERT INTO schema_migration (name) VALUES (${migration.name})`.execute(trx);
      return true;
    });
  } catch (cause) {
    throw new StoreError(
      'StoreMigrationFailed',
      `migration ${migration.name} failed and was rolled back: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
