import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';

import { createLogger, systemClock } from '../observability/index.ts';
import { openStore } from './index.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { startPostgres, type TestPostgres } from './testing/postgres.ts';
import { asOwner, storeKinds, testStores } from './testing/stores.ts';

const log = createLogger({ level: 'silent' });
const stores = testStores();
const servers: TestPostgres[] = [];
afterAll(async () => {
  await stores.close();
  for (const server of servers) await server.stop();
});

test.for(storeKinds)(
  '%s: every migration is applied once; bigint, numeric and times read the same',
  async (kind, ctx) => {
    const store = await stores.open(kind);
    if ('unavailable' in store) return ctx.skip(store.unavailable);
    await store.migrate();
    const done = await sql<{ name: string }>`SELECT name FROM schema_migration ORDER BY name`.execute(store.db);
    expect(done.rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name).toSorted());
    const { rows } = await sql`SELECT 9007199254740993::bigint AS big, 1.50::numeric AS amount,
    '2026-01-01T00:00:00.250Z'::timestamptz AS at`.execute(store.db);
    expect(rows).toEqual([{ big: 9007199254740993n, amount: '1.50', at: new Date('2026-01-01T00:00:00.250Z') }]);
  },
);

test.for(storeKinds)('%s: a migration that fails half-way leaves nothing', async (kind, ctx) => {
  const store = await stores.open(kind);
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  const broken = {
    name: '9999-broken',
    statements: ['CREATE TABLE half (a integer)', 'CREATE TABLE half (a integer)'],
  };
  await expect(migrate(store.db, [broken], log)).rejects.toMatchObject({ code: 'StoreMigrationFailed' });
  const { rows } = await sql`SELECT to_regclass('half')::text AS half`.execute(store.db);
  expect(rows).toEqual([{ half: null }]);
});

test('two processes that migrate one PostgreSQL at once both succeed', async (ctx) => {
  const server = await startPostgres();
  if ('unavailable' in server) return ctx.skip(server.unavailable);
  servers.push(server);
  const url = await server.database();
  const both = await Promise.all([1, 2].map(() => openStore({ url, log, clock: systemClock })));
  await Promise.all(both.map((store) => store.migrate()));
  expect(await both[0]?.fence.epoch()).toBe(1n);
  expect(await both[1]?.fence.epoch()).toBe(2n);
  await expect(both[0]?.fence.within(async () => 'late')).rejects.toMatchObject({ code: 'StoreFenced' });
  await Promise.all(both.map((store) => store.close()));
});

test.for(storeKinds)('%s: what only reads looks at the version and changes nothing', async (kind, ctx) => {
  const store = await stores.open(kind);
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  await store.checkVersion();
  const refusal = async (change: ReturnType<typeof sql>): Promise<string> => {
    await asOwner(store, (trx) => change.execute(trx));
    const error = await store.checkVersion().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'StoreVersion' });
    return String(error);
  };
  expect(await refusal(sql`DELETE FROM schema_migration WHERE name >= '0020'`)).toMatch(
    /older version.*missing, from 0020-corrections on.*gpuopt store migrate/,
  );
  expect(await refusal(sql`INSERT INTO schema_migration (name) VALUES ('9999-later')`)).toMatch(
    /newer version.*1 migrations.*from 9999-later on.*gpuopt of that version/,
  );
  expect(await refusal(sql`DROP TABLE schema_migration`)).toMatch(/holds no store.*check the place/);
});
