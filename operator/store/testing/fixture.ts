import { sql, type Transaction } from 'kysely';

import type { Schema } from '../index.ts';

/**
 * Rows of every table with data, parents first, in a form that every version of the schema takes: a later column is not
 * named. Amounts and times have more digits than a float holds.
 */
const rows: readonly (readonly [table: string, statement: string])[] = [
  [
    'alloc_interval',
    `(uid, device_key, opened_at, tenant, namespace, pod, node, model, profile, meter, units)
    VALUES ('u1', 'gpu-0', '2026-01-01T00:00:00.123456Z', 'acme', 'ns', 'pod', 'node', 'L4', 'full', 'm', 1)`,
  ],
  ['watermark', `VALUES ('seen', '2026-01-01T02:00:00Z')`],
  ['remainder', `VALUES ('acme', 'm', 999)`],
  ['late_change', `(tenant, meter, from_at, to_at) VALUES ('acme', 'm', '2026-01-01', '2026-01-02')`],
  ['sealed_grid', `VALUES ('2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z')`],
  [
    'usage_window',
    `(tenant, meter, model, profile, window_start, window_end, revision, exact_ms, carry_ms, quantity,
    estimated, prev_hash, hash) VALUES
    ('acme', 'm', 'L4', 'full', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', 1, 9007199254740993, 0,
      12345678901234567890123456789012345678, false, 'start', 'h1'),
    ('acme', 'm', 'L4', 'full', '2026-01-01T00:00:00Z', '2026-01-01T01:00:00Z', 2, -1000, 0, -1, true, 'h1', 'h2')`,
  ],
  [
    'node_capacity',
    `VALUES ('node', 'L4', 8, NULL, '2026-01-01T00:00:00.123456Z', NULL),
    ('gone', 'L4', 4, 'eu-1', '2026-01-01', '2026-01-02')`,
  ],
  [
    'energy_sample',
    `VALUES ('GPU-1', '2026-01-01T00:00:00Z', '2026-01-01T00:15:00Z', 'node', 9007199254740993, '["ns/pod"]')`,
  ],
  ['price_book', `VALUES ('standard', 1, 'usd', '2025-01-01', 'standard-1', 'digest')`],
  ['price_sku', `VALUES ('standard', 1, 'l4', 'L4', 'full', '2.50', 0.069444444444)`],
  ['customer_link', `VALUES ('acme', 'stripe', 'cus_1', 'standard')`],
  [
    'plan_term',
    `VALUES ('acme', '2026-01-01T00:00:01Z', 'standard', 'usd', 9900.123456789012, 50000, NULL),
    ('acme', '2026-01-02', NULL, NULL, NULL, NULL, NULL)`,
  ],
  [
    'invoice_item',
    `VALUES ('fee/acme/2026-01/usd/0', 'acme', '2026-02-01', 'fee', 'usd', 12345678901234567890123456789012345678, 'stripe',
      'cus_1', NULL, NULL, NULL),
    ('minimum/acme/2026-01/usd/0', 'acme', '2026-02-01', 'minimum', 'usd', -1, 'stripe', 'cus_1', 'ii_1', NULL,
      '2026-02-01T00:10:00.123456Z')`,
  ],
  ['item_payer', `VALUES ('stripe', 'acme', 'cus_1', 'sub_1'), ('stripe', 'globex', 'cus_2', NULL)`],
  [
    'experiment_assignment',
    `VALUES ('e1', 't1', 'spring', 'acme', 'low', 'standard', '2026-01-01T00:00:00.123456Z'),
    ('e1', 't2', 'spring', 'globex', NULL, NULL, '2026-01-02')`,
  ],
  ['billing_account', `(provider, mode, account) VALUES ('stripe', 'test', 'acct_1')`],
  [
    'charge',
    `SELECT id, tenant, 'l4', 'standard', 1, 'usd', 0.069444444444, quantity, 0.123456789012 * revision
    FROM usage_window`,
  ],
  [
    'outbox',
    `(usage_window_id, provider, identifier, event_name, customer, event_at, quantity, state)
    SELECT id, 'stripe', 'gm1_' || hash, 'e', 'cus_1', window_end - interval '1 s', quantity,
    CASE revision WHEN 1 THEN 'ACCEPTED' ELSE 'PENDING' END FROM usage_window`,
  ],
  [
    'usage_correction',
    `SELECT 'acme-1', tenant, 'l4', window_start, -1, NULL, 'r', 'me', id, now() FROM usage_window WHERE revision = 2`,
  ],
  ['sent_batch', `(number) VALUES (9007199254740993)`],
  ['unfrozen_window', `SELECT id, tenant, model, profile, window_start FROM usage_window WHERE revision = 2`],
  [
    'credit_lot',
    `(name, tenant, currency, amount, priority, granted_at, drawn)
    VALUES ('welcome', 'acme', 'usd', 50000.123456789012, 50, '2026-01-01', 0.000000000001)`,
  ],
  ['growth_key', `VALUES ('k', 'secret', now())`],
  [
    'growth_contact',
    `VALUES ('00000000-0000-0000-0000-000000000001', 'ns', 'A@b.c', 'a@b.c', 'hash', 'Zoë "\\n" 木',
    '00000000-0000-0000-0000-000000000002', 'import', now())`,
  ],
  [
    'growth_consent_event',
    `(contact_id, topic, kind, source, occurred_at, recorded_at)
    VALUES ('00000000-0000-0000-0000-000000000001', 'news', 'granted', 'form', now(), now())`,
  ],
  ['growth_suppression', `VALUES ('ns', 'hash', '*', 'bounce', now())`],
  ['growth_job', `VALUES ('j', 'job', 'ns', 'c', '2026-01', now(), now())`],
  [
    'growth_run',
    `VALUES ('00000000-0000-0000-0000-000000000002', 'ns', 'c', 'cuid', '2026-01', 1, 'me', now(), NULL,
    NULL, NULL, 'job', 'hash', now(), NULL)`,
  ],
  ['growth_step', `VALUES ('00000000-0000-0000-0000-000000000002', 'import', '{"imported": 1}', now())`],
  [
    'growth_message',
    `(id, run_id, campaign_uid, period, step, contact_id, topic, needs_consent, state, due_at, updated_at)
    VALUES ('00000000-0000-0000-0000-000000000003', '00000000-0000-0000-0000-000000000002', 'cuid', '2026-01', 's',
    '00000000-0000-0000-0000-000000000001', 'news', true, 'planned', now(), now())`,
  ],
  [
    'webhook_inbox',
    `(provider, event, type, created_at, received_at, state)
    VALUES ('stripe', 'evt_1', 'invoice.paid', now(), now(), 'DONE')`,
  ],
  [
    'invoice_mirror',
    `VALUES ('stripe', 'in_1', 'cus_1', NULL, NULL, 'open', 'usd', 250, 250, 0, 250, now(), now(), NULL,
    now())`,
  ],
  ['subscription_mirror', `VALUES ('stripe', 'sub_1', 'cus_1', 'active', NULL, NULL, NULL, NULL, now())`],
  ['usage_rejection', `VALUES ('stripe', 'gm1_h2', 'no_meter', 'm', 'evt_1', now())`],
  [
    'reconcile_run',
    `(provider, scope, started_at, finished_at, checked, differing)
    VALUES ('stripe', 'hour', now(), now(), 1, 0)`,
  ],
  [
    'drift',
    `(provider, customer, event_name, tenant, hour, ours, theirs, state, reason, first_seen_at, seen_at)
    VALUES ('stripe', 'cus_1', 'e', 'acme', '2026-01-01', 2, 1, 'SEEN', 'r', now(), now())`,
  ],
  ['journal_tx', `(key, tenant, currency, occurred_at) VALUES ('test/1', 'acme', 'usd', now())`],
  [
    'journal_entry',
    `SELECT id, side.account, side.sign * 0.123456789012 FROM journal_tx,
    (VALUES ('accrued', 1), ('earnings', -1)) AS side(account, sign) WHERE key = 'test/1'`,
  ],
];

/** Fills each table that is there, as the role of the transaction; returns the tables filled. */
export async function fillTables(trx: Transaction<Schema>): Promise<readonly string[]> {
  const there = await sql<{ name: string }>`SELECT tablename AS name FROM pg_tables
    WHERE schemaname = 'public'`.execute(trx);
  const filled: string[] = [];
  for (const [table, statement] of rows) {
    if (!there.rows.some(({ name }) => name === table)) continue;
    await sql.raw(`INSERT INTO ${table} ${statement}`).execute(trx);
    filled.push(table);
  }
  return filled;
}

/** Every row of the tables, as the database writes it. */
export async function contentOf(
  trx: Transaction<Schema>,
  tables: readonly string[],
): Promise<Readonly<Record<string, readonly string[]>>> {
  const content: Record<string, readonly string[]> = {};
  for (const table of tables) {
    const found = await sql<{ json: string }>`SELECT to_jsonb(t)::text AS json FROM ${sql.table(table)} AS t
      ORDER BY 1`.execute(trx);
    content[table] = found.rows.map(({ json }) => json);
  }
  return content;
}
