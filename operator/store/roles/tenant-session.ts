import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema } from '../schema/index.ts';
import { tenantRole, tenantSetting } from './names.ts';

/**
 * Runs `work` in a transaction that can read the rows of one tenant and write nothing. All of it sees one moment.
 * Throws what the database throws where the login may not take the role.
 */
export async function readAsTenant<T>(
  db: Kysely<Schema>,
  tenant: string,
  work: (trx: Transaction<Schema>) => Promise<T>,
): Promise<T> {
  return await db.transaction().execute(async (trx) => {
    // Stated here: the embedded database's driver leaves out what is said at the beginning.
    await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(trx);
    await sql.raw(`SET LOCAL ROLE ${tenantRole}`).execute(trx);
    await sql`SELECT set_config(${tenantSetting}, ${tenant}, true)`.execute(trx);
    return await work(trx);
  });
}
