import { type Kysely, sql, type Transaction } from 'kysely';

import type { Logger } from '../observability/index.ts';
import type { Migration } from './migration.ts';
import { applyRights } from './roles/apply.ts';
import { ownerRole } from './roles/names.ts';
import { prepareRoles, type RolesState } from './roles/prepare.ts';
import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';

/** Serialises migrations of one database between processes; any constant that nobody else uses does. */
const advisoryLock = 7_305_521n;

/**
 * Applies what is missing, in the order of the names, each in one transaction with its entry in `schema_migration`:
 * a crash leaves a migration either done or not begun. Then states who may do what. Returns which role may be taken.
 */
export async function migrate(
  db: Kysely<Schema>,
  migrations: readonly Migration[],
  log: Logger,
): Promise<RolesState['kind']> {
  const state = await prepareRoles(db);
  const missing = await missingMigrations(db, migrations, state);
  if (state.kind === 'writer') {
    if (missing.length === 0) return state.kind;
    throw new StoreError(
      'StoreMigrationFailed',
      `${missing.length} migrations are missing, from ${missing[0]?.name} on, and this login may only write: run "gpuopt store migrate" with a login that is a member of ${ownerRole}`,
    );
  }
  await db.transaction().execute(async (trx) => {
    await beOwner(trx, state);
    await sql`CREATE TABLE IF NOT EXISTS schema_migration (
      name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`.execute(trx);
  });
  for (const migration of missing) {
    if (await apply(db, migration, state)) log.info({ migration: migration.name }, 'migrated the store');
  }
  if (state.kind === 'owner') await applyRights(db);
  else warnOfAbsence(state, log);
  return state.kind;
}

function warnOfAbsence({ login, reason }: Extract<RolesState, { kind: 'absent' }>, log: Logger): void {
  log.warn(
    { login, reason },
    'the store works without its database roles: nothing but the code keeps ledgers from being changed, and the portal cannot be served; let a database administrator run what "gpuopt store roles --login LOGIN" prints',
  );
}

/** Those not applied yet, in their order. */
async function missingMigrations(
  db: Kysely<Schema>,
  migrations: readonly Migration[],
  state: RolesState,
): Promise<readonly Migration[]> {
  const done = await db.transaction().execute(async (trx) => {
    // The writer may read what was applied; before there were roles, only whoever made the tables.
    if (state.kind !== 'writer') await beOwner(trx, state);
    const there = await sql<{ name: string | null }>`SELECT to_regclass('schema_migration')::text AS name`.execute(trx);
    if (there.rows[0]?.name === null) return [];
    return (await sql<{ name: string }>`SELECT name FROM schema_migration`.execute(trx)).rows.map(({ name }) => name);
  });
  return migrations.filter(({ name }) => !done.includes(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** One process at a time: two that create one table at once collide even with IF NOT EXISTS. */
async function beOwner(trx: Transaction<Schema>, state: RolesState): Promise<void> {
  await sql`SET LOCAL ROLE NONE`.execute(trx);
  if (state.kind === 'owner') await sql.raw(`SET LOCAL ROLE ${ownerRole}`).execute(trx);
  await sql`SELECT pg_advisory_xact_lock(${advisoryLock})`.execute(trx);
}

async function apply(db: Kysely<Schema>, migration: Migration, state: RolesState): Promise<boolean> {
  try {
    return await db.transaction().execute(async (trx) => {
      await beOwner(trx, state);
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
