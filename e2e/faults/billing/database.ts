/** Real PostgreSQL for the processes under test. The server is no part of the operator; its starter lives with the store's tests. */
import pg from 'pg';
import { startPostgres } from '../../../operator/store/testing/index.ts';

/** A server, each cell with a database of its own. */
export interface Databases {
  /** URL of a new empty database. */
  fresh(): Promise<string>;
  stop(): Promise<void>;
}

/** Copies a database as it is now; the connections to it are ended. Returns the copy's name. */
export async function copyDatabase(url: string): Promise<string> {
  const name = nameOf(url);
  const copy = `${name}_copy`;
  await administer(url, [endConnections(name), `CREATE DATABASE ${copy} TEMPLATE ${name}`]);
  return copy;
}

/** Puts a copy in the place of a database, which goes; the connections to it are ended. */
export async function putBack(url: string, copy: string): Promise<void> {
  const name = nameOf(url);
  await administer(url, [`DROP DATABASE ${name} WITH (FORCE)`, `CREATE DATABASE ${name} TEMPLATE ${copy}`]);
}

function nameOf(url: string): string {
  return new URL(url).pathname.slice(1);
}

function endConnections(database: string): string {
  return `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '${database}'`;
}

/** Statements that take no transaction, from another database of the same server. */
async function administer(url: string, statements: readonly string[]): Promise<void> {
  const other = new URL(url);
  other.pathname = '/postgres';
  const client = new pg.Client({ connectionString: other.toString() });
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}

/** This machine has no PostgreSQL to check against. */
export class NoPostgres extends Error {
  override readonly name = 'NoPostgres';
  readonly code = 'NO_POSTGRES';
}

/** Starts a PostgreSQL server; throws NoPostgres where the machine has none. */
export async function startDatabases(): Promise<Databases> {
  const server = await startPostgres();
  if ('unavailable' in server) throw new NoPostgres(`no PostgreSQL to check against: ${server.unavailable}`);
  return { fresh: () => server.database(), stop: () => server.stop() };
}

/** Keeps every migration from being noted as done, so that it waits at its end, inside its transaction. */
export async function blockMigrations(url: string): Promise<{ reached(): Promise<boolean>; free(): Promise<void> }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(
    'CREATE TABLE schema_migration (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
  );
  await client.query('BEGIN');
  // Others may read who has been applied, and not write.
  await client.query('LOCK TABLE schema_migration IN SHARE MODE');
  return {
    reached: async () => {
      const waiting = await client.query(
        "SELECT 1 FROM pg_locks WHERE relation = 'schema_migration'::regclass AND NOT granted",
      );
      return waiting.rows.length > 0;
    },
    free: async () => {
      await client.query('ROLLBACK');
      await client.end();
    },
  };
}

/** Names of the tables of a database. */
export async function tablesOf(url: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ tablename: string }>(
      "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename",
    );
    return rows.map(({ tablename }) => tablename);
  } finally {
    await client.end();
  }
}
