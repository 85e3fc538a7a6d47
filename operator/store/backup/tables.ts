import { type Kysely, sql, type Transaction } from 'kysely';

import { ownerRole } from '../roles/names.ts';
import { tableRights } from '../roles/rights.ts';
import type { Schema } from '../schema/index.ts';

/** What a database has by being migrated, and what is stated anew there. */
const notData: readonly string[] = ['schema_migration', 'role_rights'];

/** The tables with data, each after those that its rows point at. */
export async function dataTables(trx: Kysely<Schema>): Promise<readonly string[]> {
  const tables = await sql<{ name: string }>`SELECT tablename AS name FROM pg_tables
    WHERE schemaname = current_schema() ORDER BY tablename`.execute(trx);
  const links = await sql<{ child: string; parent: string }>`SELECT c.relname AS child, p.relname AS parent
    FROM pg_constraint AS f JOIN pg_class AS c ON c.oid = f.conrelid JOIN pg_class AS p ON p.oid = f.confrelid
    WHERE f.contype = 'f' AND f.conrelid <> f.confrelid`.execute(trx);
  const names = tables.rows.map(({ name }) => name).filter((name) => name in tableRights && !notData.includes(name));
  const ordered: string[] = [];
  const add = (name: string): void => {
    if (ordered.includes(name)) return;
    for (const { child, parent } of links.rows) if (child === name && names.includes(parent)) add(parent);
    ordered.push(name);
  };
  for (const name of names) add(name);
  return ordered;
}

/** The names of the migrations that a database has. */
export async function schemaOf(trx: Kysely<Schema>): Promise<readonly string[]> {
  const { rows } = await sql<{ name: string }>`SELECT name FROM schema_migration ORDER BY name`.execute(trx);
  return rows.map(({ name }) => name);
}

/** The last hash of each tenant's chain of usage. */
export async function chainHeads(trx: Kysely<Schema>): Promise<Readonly<Record<string, string>>> {
  const rows = await trx
    .selectFrom('usage_window')
    .select(['tenant', 'hash'])
    .distinctOn('tenant')
    .orderBy('tenant')
    .orderBy('id', 'desc')
    .execute();
  return Object.fromEntries(rows.map(({ tenant, hash }) => [tenant, hash]));
}

/** Makes the transaction the owner's, for whom no row is hidden; the login itself where there are no roles. */
export async function beOwner(trx: Transaction<Schema>): Promise<void> {
  await sql`SET LOCAL ROLE NONE`.execute(trx);
  const { rows } =
    await sql`SELECT 1 FROM pg_tables WHERE tablename = 'usage_window' AND tableowner = ${ownerRole}`.execute(trx);
  if (rows.length > 0) await sql.raw(`SET LOCAL ROLE ${ownerRole}`).execute(trx);
}
