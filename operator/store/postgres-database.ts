import { type Dialect, Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';

import type { Logger } from '../observability/index.ts';
import type { OpenDatabase } from './pglite-database.ts';
import { assumingDriver } from './roles/assume.ts';
import type { Schema } from './schema/index.ts';
import { StoreError } from './store-error.ts';

/** PostgreSQL's type number of a 64-bit integer. */
const int8 = 20;

/** Opens a pool on the PostgreSQL server at `url` and proves that it answers. `role` is asked at each use of a connection. */
export async function openPostgres(url: string, log: Logger, role: () => string | undefined): Promise<OpenDatabase> {
  const pool = new pg.Pool({
    connectionString: url,
    max: 8,
    connectionTimeoutMillis: 10_000,
    idleTimeoutMillis: 60_000,
    statement_timeout: 30_000,
    query_timeout: 35_000,
    idle_in_transaction_session_timeout: 60_000,
    lock_timeout: 20_000,
    keepAlive: true,
    application_name: 'gpuopt',
    types: { getTypeParser },
  });
  // A connection that breaks while idle must not end the process; the pool opens another.
  pool.on('error', (error) => log.warn({ err: error }, 'an idle connection to the database broke'));
  // Nor one that breaks inside a transaction while nothing is asked of it: the next statement fails and says so.
  pool.on('connect', (client) => client.on('error', (error) => log.debug({ err: error }, 'a connection broke')));
  try {
    await pool.query('SELECT 1');
  } catch (cause) {
    await pool.end();
    throw new StoreError(
      'StoreUnreachable',
      `the database ${withoutPassword(url)} does not answer: ${messageOf(cause)}; check --database-url, the server and its network policy`,
      { cause },
    );
  }
  const inner = new PostgresDialect({ pool });
  const dialect: Dialect = {
    createAdapter: () => inner.createAdapter(),
    createDriver: () => assumingDriver(inner.createDriver(), role),
    createIntrospector: (database) => inner.createIntrospector(database),
    createQueryCompiler: () => inner.createQueryCompiler(),
  };
  const db = new Kysely<Schema>({ dialect });
  return { db, close: () => db.destroy() };
}

/** 64-bit integers as bigint, everything else as the driver has it: numeric stays a string. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') => {
  if (oid === int8 && format !== 'binary') return (text: string) => BigInt(text);
  return pg.types.getTypeParser(oid, format);
};

function withoutPassword(url: string): string {
  if (!URL.canParse(url)) return 'in --database-url (not a URL)';
  const parsed = new URL(url);
  parsed.password = '';
  // The driver takes ?password= and the paths of keys there too.
  parsed.search = '';
  return parsed.toString();
}

function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
