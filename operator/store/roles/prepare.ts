import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema } from '../schema/index.ts';
import { ownerRole, roles, takenRoles, writerRole } from './names.ts';
import { tableRights } from './rights.ts';
import { quoted, roleStatement } from './statements.ts';

/**
 * What the roles of a store come to: `owner`, this login may migrate and write; `writer`, another login migrates;
 * `absent`, the login works with its own rights because it may take none of the roles.
 */
export type RolesState =
  | { readonly kind: 'owner' }
  | { readonly kind: 'writer' }
  | { readonly kind: 'absent'; readonly login: string; readonly reason: string };

/** Makes the roles where the login may, and gives the owner what was made before there was one. Idempotent. */
export async function prepareRoles(db: Kysely<Schema>): Promise<RolesState> {
  let reason = 'a database administrator has not made them';
  try {
    await db.transaction().execute(async (trx) => {
      await sql`SET LOCAL ROLE NONE`.execute(trx);
      await sql`SELECT pg_advisory_xact_lock(${rolesLock})`.execute(trx);
      await makeRoles(trx);
    });
  } catch (error) {
    if (!isForbidden(error)) throw error;
    reason = error.message;
  }
  if (await mayBecome(db, ownerRole)) {
    await handOver(db);
    return { kind: 'owner' };
  }
  if (await mayBecome(db, writerRole)) return { kind: 'writer' };
  const { rows } = await sql<{ login: string }>`SELECT session_user AS login`.execute(db);
  return { kind: 'absent', login: rows[0]?.login ?? '', reason };
}

/** Serialises the making of roles between the processes of one database; another constant than that of migrations. */
const rolesLock = 7_305_524n;

interface Login {
  readonly login: string;
  readonly superuser: boolean;
}

async function makeRoles(trx: Transaction<Schema>): Promise<void> {
  const known = await sql<{ rolname: string }>`SELECT rolname FROM pg_roles WHERE rolname IN
    (${sql.join([...roles])})`.execute(trx);
  const missing = roles.filter((role) => !known.rows.some(({ rolname }) => rolname === role));
  for (const role of missing) await sql.raw(roleStatement(role)).execute(trx);
  const { rows } = await sql<Login>`SELECT session_user AS login, rolsuper AS superuser
    FROM pg_roles WHERE rolname = session_user`.execute(trx);
  const login = rows[0];
  if (login === undefined || login.superuser || missing.length === 0) return;
  // A role's maker may hand it out, but since PostgreSQL 16 may not take it before it was given to him.
  await sql.raw(`GRANT ${takenRoles.join(', ')} TO ${quoted(login.login)}`).execute(trx);
}

/** Whether this login may take a role: tried, because what decides differs between PostgreSQL 15 and 16. */
async function mayBecome(db: Kysely<Schema>, role: string): Promise<boolean> {
  try {
    await db.transaction().execute(async (trx) => {
      await sql`SET LOCAL ROLE NONE`.execute(trx);
      await sql.raw(`SET LOCAL ROLE ${role}`).execute(trx);
    });
    return true;
  } catch (error) {
    if (isForbidden(error)) return false;
    throw error;
  }
}

/** Lets the owner make tables, and gives it those that were made before there was one. */
async function handOver(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE NONE`.execute(trx);
    await sql`SELECT pg_advisory_xact_lock(${rolesLock})`.execute(trx);
    const { rows } = await sql<{ schema: string; ready: boolean }>`SELECT current_schema() AS schema,
      bool_and(has_schema_privilege(rolname, current_schema(), 'USAGE')) AND
      has_schema_privilege(${ownerRole}, current_schema(), 'CREATE') AS ready
      FROM pg_roles WHERE rolname IN (${sql.join([...roles])})`.execute(trx);
    const schema = rows[0];
    if (schema !== undefined && !schema.ready) {
      const name = quoted(schema.schema);
      await sql.raw(`GRANT USAGE ON SCHEMA ${name} TO ${roles.join(', ')}`).execute(trx);
      await sql.raw(`GRANT CREATE ON SCHEMA ${name} TO ${ownerRole}`).execute(trx);
    }
    const strays = await sql<{
      name: string;
    }>`SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()
      AND tableowner <> ${ownerRole} AND tablename IN (${sql.join(Object.keys(tableRights))})`.execute(trx);
    for (const { name } of strays.rows) await sql.raw(`ALTER TABLE ${quoted(name)} OWNER TO ${ownerRole}`).execute(trx);
  });
}

/** 42501: the login may not; 22023: there is no such role. */
function isForbidden(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && (error.code === '42501' || error.code === '22023');
}
