import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Schema, Store } from '../index.ts';
import { tableRights } from '../roles/rights.ts';
import { contentOf, fillTables } from '../testing/fixture.ts';
import { asOwner, storeKinds, testStores } from '../testing/index.ts';
import { migrations } from './index.ts';

const stores = testStores();
afterAll(() => stores.close());

/** The schema as the version with these migrations left it: made by the login, without roles, unless it knew them. */
async function install(trx: Transaction<Schema>, count: number): Promise<void> {
  await sql`DROP SCHEMA public CASCADE`.execute(trx);
  await sql`CREATE SCHEMA public`.execute(trx);
  await sql`CREATE TABLE schema_migration (
    name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())`.execute(trx);
  for (const { name, statements } of migrations.slice(0, count)) {
    for (const statement of statements) await sql.raw(statement).execute(trx);
    await sql`INSERT INTO schema_migration (name) VALUES (${name})`.execute(trx);
  }
}

/** The rows as they were: what later versions added to them, or to the tables, is left out. */
function kept(before: readonly string[], after: readonly string[]): readonly Readonly<Record<string, unknown>>[] {
  const rows = after.map((json): Readonly<Record<string, unknown>> => JSON.parse(json));
  return before.map((json) => {
    const row: Readonly<Record<string, unknown>> = JSON.parse(json);
    const found = rows.find((one) =>
      Object.entries(row).every(([key, value]) => JSON.stringify(one[key]) === JSON.stringify(value)),
    );
    return found === undefined ? { lost: row } : row;
  });
}

describe.for(storeKinds)('%s', (kind) => {
  let found: Store | { readonly unavailable: string };
  beforeAll(async () => {
    found = await stores.open(kind);
  });

  test.for(migrations.map(({ name }, index) => [name, index + 1] as const))(
    'a store of version %s with rows in every table becomes the newest, and keeps every row',
    async ([, count], ctx) => {
      if ('unavailable' in found) return ctx.skip(found.unavailable);
      const store = found;
      const { tables, before } = await asOwner(store, async (trx) => {
        await install(trx, count);
        const filled = await fillTables(trx);
        return { tables: filled, before: await contentOf(trx, filled) };
      });
      await store.migrate();
      await store.migrate();
      const after = await asOwner(store, (trx) => contentOf(trx, tables));
      for (const table of tables) {
        const rows = (before[table] ?? []).map((json) => JSON.parse(json));
        expect({ table, rows: kept(before[table] ?? [], after[table] ?? []) }).toEqual({ table, rows });
      }
      const { rows } = await sql<{ name: string }>`SELECT name FROM schema_migration ORDER BY name`.execute(store.db);
      expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
      // The operator goes on under its role, and the roles hold for what was there before them.
      await expect(sql`DELETE FROM sealed_grid`.execute(store.db)).rejects.toMatchObject({ code: '42501' });
      await store.db.updateTable('leader_epoch').set({ holder: 'upgraded' }).execute();
      if (count === migrations.length) {
        const data = Object.keys(tableRights).filter(
          (table) => !['schema_migration', 'role_rights', 'leader_epoch'].includes(table),
        );
        expect(tables.toSorted()).toEqual(data.toSorted());
      }
    },
  );
});
