import { sql, type Transaction } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { Schema, Store } from '../index.ts';
import { asOwner, storeKinds, testStores } from '../testing/index.ts';
import { readerRole } from './names.ts';
import { tableRights } from './rights.ts';

const stores = testStores();
afterAll(() => stores.close());

/** One window, charge, row and invoice of each of two tenants. */
async function seed(trx: Transaction<Schema>): Promise<void> {
  for (const [index, tenant] of ['acme', 'globex'].entries()) {
    const id = index + 1;
    await sql`INSERT INTO usage_window OVERRIDING SYSTEM VALUE VALUES (${id}, ${tenant}, 'm', 'L4', 'full',
      '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', 1, 1000, 0, 1, false, '0', ${tenant})`.execute(trx);
    await sql`INSERT INTO price_book VALUES (${tenant}, 1, 'usd', '2025-01-01', ${tenant}, 'd')`.execute(trx);
    await sql`INSERT INTO price_sku VALUES (${tenant}, 1, 'l4', 'L4', 'full', '1.00', 0.02)`.execute(trx);
    await sql`INSERT INTO customer_link VALUES (${tenant}, 'stripe', ${`cus_${tenant}`}, ${tenant})`.execute(trx);
    await sql`INSERT INTO charge VALUES (${id}, ${tenant}, 'l4', ${tenant}, 1, 'usd', 0.02, 1, 0.02)`.execute(trx);
    await sql`INSERT INTO outbox (usage_window_id, provider, identifier, event_name, customer, event_at, quantity, state)
      VALUES (${id}, 'stripe', ${tenant}, 'e', ${`cus_${tenant}`}, now(), 1, 'PENDING')`.execute(trx);
    await sql`INSERT INTO invoice_mirror VALUES ('stripe', ${`in_${tenant}`}, ${`cus_${tenant}`}, NULL, NULL, 'open',
      'usd', 1, 1, 0, 1, now(), now(), NULL, now())`.execute(trx);
    await sql`INSERT INTO subscription_mirror VALUES ('stripe', ${`sub_${tenant}`}, ${`cus_${tenant}`}, 'active',
      NULL, NULL, NULL, NULL, now())`.execute(trx);
    await sql`INSERT INTO alloc_interval VALUES (${tenant}, 'k', '2026-01-01', NULL, ${tenant}, 'n', 'p', 'node', 'L4',
      'full', 'm', 1, false)`.execute(trx);
  }
}

/** What tells whose a row is, in each table that a tenant may read. */
const whose: Readonly<Record<string, string>> = {
  usage_window: 'tenant',
  charge: 'tenant',
  customer_link: 'tenant',
  alloc_interval: 'tenant',
  price_book: 'book',
  price_sku: 'book',
  outbox: 'identifier',
  invoice_mirror: 'substr(invoice, 4)',
  subscription_mirror: 'substr(subscription, 5)',
};

describe.for(storeKinds)('%s', (kind) => {
  let found: Store | { readonly unavailable: string };
  beforeAll(async () => {
    found = await stores.open(kind);
    if ('db' in found) await asOwner(found, seed);
  });
  const store = (skip: (why: string) => never): Store => ('unavailable' in found ? skip(found.unavailable) : found);

  test('the rights of every table are declared, and each table keeps them by row-level security', async (ctx) => {
    const { rows } = await sql<{ name: string; secured: boolean; owner: string }>`SELECT tablename AS name,
      rowsecurity AS secured, tableowner AS owner FROM pg_tables WHERE schemaname = 'public'`.execute(
      store(ctx.skip).db,
    );
    expect(rows.map(({ name }) => name).toSorted()).toEqual(Object.keys(tableRights).toSorted());
    expect(rows.filter(({ secured, owner }) => !secured || owner !== 'gpuopt_owner')).toEqual([]);
  });

  test('the operator is the writer, and may do to each table what is declared and no more', async (ctx) => {
    const { db } = store(ctx.skip);
    const user = await sql<{ name: string }>`SELECT current_user AS name`.execute(db);
    expect(user.rows).toEqual([{ name: 'gpuopt_writer' }]);
    const { rows } = await sql<{ name: string; may: string }>`SELECT c.relname AS name, p.may
      FROM pg_class AS c, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) AS p(may)
      WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace
      AND has_table_privilege('gpuopt_writer', c.oid, p.may) ORDER BY 1, 2`.execute(db);
    const held = Map.groupBy(rows, ({ name }) => name);
    for (const [table, { writer }] of Object.entries(tableRights)) {
      expect({ table, rights: (held.get(table) ?? []).map(({ may }) => may) }).toEqual({
        table,
        rights: writer.toSorted(),
      });
    }
  });

  test.for([
    ['DELETE FROM usage_window'],
    ['UPDATE usage_window SET quantity = 0'],
    ['DELETE FROM charge'],
    ['UPDATE charge SET amount = 0'],
    ['DELETE FROM outbox'],
    ['DELETE FROM journal_tx'],
    ['UPDATE journal_entry SET amount = 0'],
    ['UPDATE price_sku SET unit_price = 0'],
    ['TRUNCATE usage_window CASCADE'],
    ['ALTER TABLE usage_window DISABLE ROW LEVEL SECURITY'],
  ] as const)('the operator cannot %s', async ([statement], ctx) => {
    await expect(sql.raw(statement).execute(store(ctx.skip).db)).rejects.toMatchObject({ code: '42501' });
  });

  test.for(Object.entries(whose))('a tenant reads its own rows of %s', async ([table, column], ctx) => {
    const read = (tenant: string): Promise<readonly unknown[]> =>
      store(ctx.skip).readAs(tenant, async (trx) => {
        const { rows } = await sql<{ owner: string }>`SELECT ${sql.raw(column)} AS owner
          FROM ${sql.table(table)}`.execute(trx);
        return rows;
      });
    expect(await read('acme')).toEqual([{ owner: 'acme' }]);
    expect(await read('globex')).toEqual([{ owner: 'globex' }]);
    expect(await read('nobody')).toEqual([]);
    expect(await read('')).toEqual([]);
  });

  test('without a tenant no row is shown', async (ctx) => {
    const readable = Object.entries(tableRights).flatMap(([table, { tenant }]) =>
      tenant === undefined || tenant === 'true' ? [] : [table],
    );
    expect(readable).toEqual(expect.arrayContaining(Object.keys(whose)));
    const { db } = store(ctx.skip);
    for (const table of readable) {
      const rows = await db.transaction().execute(async (trx) => {
        await sql`SET LOCAL ROLE gpuopt_tenant`.execute(trx);
        return (await sql`SELECT * FROM ${sql.table(table)}`.execute(trx)).rows;
      });
      expect({ table, rows }).toEqual({ table, rows: [] });
    }
  });

  test('a tenant changes nothing and reads no other table, and the role does not outlive its transaction', async (ctx) => {
    const open = store(ctx.skip);
    const as = (statement: string): Promise<unknown> =>
      open.readAs('acme', (trx) =>
        sql
          .raw(statement)
          .execute(trx)
          .then(({ rows }) => rows),
      );
    await expect(as(`INSERT INTO charge SELECT * FROM charge`)).rejects.toMatchObject({ code: '25006' });
    await expect(as('UPDATE outbox SET attempts = 9')).rejects.toMatchObject({ code: '25006' });
    const { rows } = await sql`SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace
      AND relkind = 'r' AND has_table_privilege('gpuopt_tenant', oid, 'INSERT, UPDATE, DELETE, TRUNCATE')`.execute(
      open.db,
    );
    expect(rows).toEqual([]);
    for (const [table, { tenant }] of Object.entries(tableRights)) {
      if (tenant === undefined) await expect(as(`SELECT * FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    const after = await sql`SELECT current_user AS name, current_setting('gpuopt.tenant', true) AS tenant`.execute(
      open.db,
    );
    expect(after.rows).toMatchObject([{ name: 'gpuopt_writer' }]);
    expect(after.rows).not.toMatchObject([{ tenant: 'acme' }]);
  });

  test('reports read every tenant and no personal data', async (ctx) => {
    const { db } = store(ctx.skip);
    const as = (statement: string): Promise<unknown> =>
      db.transaction().execute(async (trx) => {
        await sql`SET LOCAL ROLE NONE`.execute(trx);
        await sql.raw(`SET LOCAL ROLE ${readerRole}`).execute(trx);
        return (await sql.raw(statement).execute(trx)).rows;
      });
    expect(await as('SELECT tenant FROM charge ORDER BY tenant')).toEqual([{ tenant: 'acme' }, { tenant: 'globex' }]);
    for (const table of ['growth_key', 'growth_contact', 'growth_message']) {
      await expect(as(`SELECT * FROM ${table}`)).rejects.toMatchObject({ code: '42501' });
    }
    await expect(as('DELETE FROM charge')).rejects.toMatchObject({ code: '42501' });
  });
});
