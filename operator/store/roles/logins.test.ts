import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { createLogger, systemClock } from '../../observability/index.ts';
import { openStore, type Store } from '../index.ts';
import { type StartedPostgres, startPostgres } from '../testing/index.ts';
import { rolesScript } from './statements.ts';

// Roles belong to the server, so these logins have one of their own and come in this order.
const log = createLogger({ level: 'silent' });
let server: StartedPostgres;
let url: URL;
const opened: Store[] = [];
beforeAll(async () => {
  server = await startPostgres();
  if ('unavailable' in server) return;
  url = new URL(await server.database());
  const admin = await open('postgres');
  for (const statement of [
    'CREATE ROLE plain LOGIN',
    'CREATE ROLE maker LOGIN CREATEROLE',
    'CREATE ROLE writes LOGIN',
    'GRANT CREATE ON SCHEMA public TO plain',
    `ALTER DATABASE ${url.pathname.slice(1)} OWNER TO maker`,
  ]) {
    await sql.raw(statement).execute(admin.db);
  }
});
afterAll(async () => {
  for (const store of opened) await store.close();
  if ('stop' in server) await server.stop();
});

async function open(login: string): Promise<Store> {
  const place = new URL(url);
  place.username = login;
  const store = await openStore({ url: place.toString(), log, clock: systemClock });
  opened.push(store);
  return store;
}

const userOf = async ({ db }: Store): Promise<unknown> =>
  (await sql<{ name: string }>`SELECT current_user AS name`.execute(db)).rows[0]?.name;

test('a login that may make no roles works with its own rights, and nothing is shown to tenants', async (ctx) => {
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  const store = await open('plain');
  await store.migrate();
  expect(await userOf(store)).toBe('plain');
  await expect(store.readAs('acme', () => Promise.resolve())).rejects.toMatchObject({
    code: 'StoreRolesMissing',
    message: expect.stringContaining('gpuopt store roles --login'),
  });
});

test('what "gpuopt store roles" prints is all that such a login needs: its tables are the owner’s from then on', async (ctx) => {
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  const admin = await open('postgres');
  for (const statement of rolesScript('plain')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('--'))) {
    await sql.raw(statement).execute(admin.db);
  }
  const store = await open('plain');
  await store.migrate();
  expect(await userOf(store)).toBe('gpuopt_writer');
  expect(await store.readAs('acme', (trx) => trx.selectFrom('charge').selectAll().execute())).toEqual([]);
  const { rows } = await sql`SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'`.execute(store.db);
  expect(rows).toEqual([{ tableowner: 'gpuopt_owner' }]);
});

test('a login that may only write works while no migration is missing, and says who may migrate when one is', async (ctx) => {
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  const admin = await open('postgres');
  await sql`GRANT gpuopt_writer, gpuopt_tenant TO writes`.execute(admin.db);
  const store = await open('writes');
  await store.migrate();
  expect(await userOf(store)).toBe('gpuopt_writer');
  await sql`DELETE FROM schema_migration WHERE name = '0001-control'`.execute(admin.db);
  const late = await open('writes');
  await expect(late.migrate()).rejects.toMatchObject({
    code: 'StoreMigrationFailed',
    message: expect.stringContaining('member of gpuopt_owner'),
  });
  await sql`INSERT INTO schema_migration (name) VALUES ('0001-control')`.execute(admin.db);
});

test('a login that may only read asks without migrating; one that may not is told whom to ask', async (ctx) => {
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  const admin = await open('postgres');
  await sql`CREATE ROLE reads LOGIN`.execute(admin.db);
  await expect((await open('reads')).checkVersion()).rejects.toMatchObject({
    code: 'StoreRightsMissing',
    message: expect.stringContaining('grant it gpuopt_reader'),
  });
  await sql`GRANT gpuopt_reader TO reads`.execute(admin.db);
  const store = await open('reads');
  await store.checkVersion();
  expect(await store.db.selectFrom('usage_window').selectAll().execute()).toEqual([]);
  await expect(store.db.selectFrom('growth_contact').selectAll().execute()).rejects.toMatchObject({ code: '42501' });
  expect(await userOf(store)).toBe('reads');
  await sql`DROP OWNED BY reads`.execute(admin.db);
  await sql`DROP ROLE reads`.execute(admin.db);
});

test('a login that may make roles makes them and takes them, without being a superuser', async (ctx) => {
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  const admin = await open('postgres');
  await sql`DROP SCHEMA public CASCADE`.execute(admin.db);
  await sql`CREATE SCHEMA public AUTHORIZATION maker`.execute(admin.db);
  for (const role of ['gpuopt_owner', 'gpuopt_writer', 'gpuopt_tenant', 'gpuopt_reader']) {
    await sql.raw(`DROP ROLE ${role}`).execute(admin.db);
  }
  const store = await open('maker');
  await store.migrate();
  expect(await userOf(store)).toBe('gpuopt_writer');
  await expect(sql`DELETE FROM outbox`.execute(store.db)).rejects.toMatchObject({ code: '42501' });
});
