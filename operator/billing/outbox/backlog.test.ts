/** What a pass over the backlog reads follows what waits and can be priced, not what there is. */
import { sql } from 'kysely';
import { expect, test } from 'vitest';

import { asOwner, storeForFile } from '../../store/testing/index.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { freezable, freezeBacklog } from './backlog.ts';
import { freezeSealed } from './freeze.ts';

const store = storeForFile();

interface PlanNode {
  /** Of a scan of a table. */
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Rows that the scans of a plan have read, kept or not. */
function rowsRead(node: PlanNode): number {
  const below = (node.Plans ?? []).reduce((sum, one) => sum + rowsRead(one), 0);
  if (node['Relation Name'] === undefined) return below;
  const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
  return below + (node['Actual Rows'] + removed) * node['Actual Loops'];
}

async function readsOfPass(): Promise<number> {
  const { sql: text, parameters } = freezable(store().db, 0n).compile();
  const pieces = text.split(/\$\d+/);
  const query = sql.join(
    pieces.map((piece, at) => (at < parameters.length ? sql`${sql.raw(piece)}${parameters[at]}` : sql.raw(piece))),
    sql``,
  );
  const { rows } = await sql<{
    'QUERY PLAN': readonly { readonly Plan: PlanNode }[];
  }>`EXPLAIN (ANALYZE, FORMAT JSON) ${query}`.execute(store().db);
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (plan === undefined) throw new Error('the database explained nothing');
  return rowsRead(plan);
}

/** Windows of many hours: of acme, which are charged, and of a tenant whom nobody charges, which wait for ever. */
async function fill(hours: number): Promise<void> {
  await asOwner(store(), async (trx) => {
    for (const [tenant, into] of [
      ['acme', 'charge'],
      ['nobody', 'unfrozen_window'],
    ] as const) {
      const windows = sql`INSERT INTO usage_window (tenant, meter, model, profile, window_start, window_end, revision,
        exact_ms, carry_ms, quantity, estimated, prev_hash, hash)
        SELECT ${tenant}, 'm', 'NVIDIA-L4', 'full', at, at + interval '1 h', 1, 0, 0, 1, false, '', ''
        FROM generate_series(timestamptz '2026-02-01', timestamptz '2026-02-01' + make_interval(hours => ${hours}), '1 h') AS at
        ON CONFLICT DO NOTHING RETURNING id, tenant, model, profile, window_start`;
      await (into === 'charge'
        ? sql`WITH w AS (${windows}) INSERT INTO charge (usage_window_id, tenant, sku, book, version, currency, unit_price,
            quantity, amount) SELECT id, tenant, 'l4', 'standard', 1, 'usd', 1, 1, 1 FROM w`
        : sql`WITH w AS (${windows}) INSERT INTO unfrozen_window SELECT id, tenant, model, profile, window_start FROM w`
      ).execute(trx);
    }
    await sql`ANALYZE`.execute(trx);
  });
}

test('a pass reads as much with twice the windows, and one row more for each that can be frozen', async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  await fill(8000);
  const few = await readsOfPass();
  await fill(16_000);
  expect(await readsOfPass()).toBe(few);
  expect(few).toBeLessThan(20);
  await store().db.deleteFrom('customer_link').execute();
  const late = await sealWindow(store(), '2026-01-01T00:00:00Z', 3600n);
  await store().fence.within((trx) => freezeSealed(trx, [late]));
  await store()
    .db.insertInto('customer_link')
    .values({ tenant: 'acme', provider: 'stripe', customer: 'cus_acme', book: 'standard' })
    .execute();
  expect(await readsOfPass()).toBe(few + 1);
  expect(await freezeBacklog(store())).toBe(1);
  expect(await readsOfPass()).toBe(few);
});
