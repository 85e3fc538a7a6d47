import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';

import type { Schema } from '../schema/index.ts';
import { ownerRole } from './names.ts';
import { tableRights } from './rights.ts';
import { rightsStatement } from './statements.ts';

/** Serialises the statement of rights between processes; any constant that nobody else uses does. */
const rightsLock = 7_305_523n;

/** States who may do what with every table that is there, unless that was the last thing stated. */
export async function applyRights(db: Kysely<Schema>): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`SET LOCAL ROLE NONE`.execute(trx);
    await sql.raw(`SET LOCAL ROLE ${ownerRole}`).execute(trx);
    // Two processes that state one table's rights at once collide.
    await sql`SELECT pg_advisory_xact_lock(${rightsLock})`.execute(trx);
    const { rows } = await sql<{ name: string }>`SELECT tablename AS name FROM pg_tables
      WHERE schemaname = current_schema() ORDER BY tablename`.execute(trx);
    const there = new Set(rows.map(({ name }) => name));
    const statements = Object.entries(tableRights).flatMap(([table, rights]) =>
      there.has(table) ? [rightsStatement(table, rights)] : [],
    );
    const digest = createHash('sha256').update(statements.join('\n')).digest('hex');
    const known = await trx.selectFrom('role_rights').select('digest').executeTakeFirst();
    if (known?.digest === digest) return;
    for (const statement of statements) await sql.raw(statement).execute(trx);
    await trx
      .insertInto('role_rights')
      .values({ digest, applied_at: sql<Date>`now()` })
      .onConflict((conflict) => conflict.column('one').doUpdateSet({ digest, applied_at: sql<Date>`now()` }))
      .execute();
  });
}
