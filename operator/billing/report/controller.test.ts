import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { kinds, type UsageReport } from '../../api/index.ts';
import { type NewInterval, sealDue, writePlan } from '../../metering/testing/index.ts';
import { createRegistry } from '../../observability/index.ts';
import { type PassOutput, runPass, thing } from '../../runtime/testing/index.ts';
import type { Store } from '../../store/index.ts';
import { asOwner, emptyTables, storeKinds, testStores } from '../../store/testing/index.ts';
import { focusReport } from '../focus/report.ts';
import { post } from '../journal/post.ts';
import { one } from '../money/decimal.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { seedPayer, seedPrices } from '../testing/ledger.ts';
import { usageReportController } from './controller.ts';

const stores = testStores();
afterAll(() => stores.close());

const name = 'period';
const period = { fromTime: '2026-01-01T00:00:00Z', toTime: '2026-01-01T02:00:00Z' };
const late = Date.parse('2026-01-01T03:10:00Z');
const key = { name };

describe.each(storeKinds)('%s', (kind) => {
  let store: Store | undefined;
  let now = late;
  const clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };

  beforeAll(async () => {
    const opened = await stores.open(kind);
    if (!('unavailable' in opened)) store = opened;
  });
  beforeEach(async ({ skip }) => {
    if (store === undefined) return skip('this machine has no such store');
    now = late;
    await emptyTables(store);
    await seedPrices(store, [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
    await seedPayer(store);
  });

  const opened = (): Store => store ?? expect.unreachable();

  async function hold(uid: string, tenant: string, from: string, to: string): Promise<void> {
    const device = { model: 'NVIDIA-L4', profile: 'full', meter: 'gpu_seconds__nvidia_l4__full', deviceKey: 'gpu' };
    const one: NewInterval = {
      ...{ ...device, uid, tenant, namespace: 'a', pod: uid, node: 'n', units: 1 },
      ...{ openedAt: Date.parse(from), end: { at: Date.parse(to), estimated: false } },
    };
    await writePlan(opened(), { open: [one], close: [], release: [] }, now);
  }

  async function seal(): Promise<void> {
    const sealing = { windowSeconds: 3600, graceSeconds: 120, onSealed: freezeSealed };
    await sealDue({ store: opened(), clock, ...sealing }, new AbortController().signal);
  }

  /** Acme holds a GPU for an hour and a half of the period and after it, globex, whom nobody charges, for ten minutes. */
  async function use(): Promise<void> {
    await hold('a', 'acme', period.fromTime, '2026-01-01T01:30:00Z');
    await hold('b', 'globex', '2026-01-01T00:10:00Z', '2026-01-01T00:20:00Z');
    await hold('c', 'acme', '2026-01-01T02:00:00Z', '2026-01-01T02:01:00Z');
    await seal();
  }

  const controller = () => usageReportController(opened(), createRegistry());

  async function report(spec: Partial<UsageReport['spec']> = {}): Promise<PassOutput> {
    const object: UsageReport = {
      ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'UsageReport', metadata: { name, uid: name } },
      spec: { period, ...spec },
    };
    return await runPass(controller(), { world: [thing(kinds.UsageReport, object)], key, now: new Date(now) });
  }

  const statusOf = (output: PassOutput) => output.get(kinds.UsageReport, key)?.status;
  const condition = (output: PassOutput, type = 'Ready') =>
    statusOf(output)?.conditions?.find((one) => one.type === type);

  test('a sealed period is recorded: rows, sums, costs, digests and heads are those of the ledger', async () => {
    await use();
    const output = await report();
    const rows = await opened()
      .db.selectFrom('usage_window')
      .selectAll()
      .orderBy('window_start')
      .orderBy('id')
      .execute();
    const inside = rows.filter(({ window_start }) => window_start < new Date(period.toTime));
    const sha256 = createHash('sha256')
      .update(inside.map(({ hash }) => `${hash}\n`).join(''))
      .digest('hex');
    const { csv } = await focusReport.read(opened(), { from: period.fromTime, to: period.toTime }, now);
    const lastOf = (tenant: string) => inside.filter((row) => row.tenant === tenant).at(-1);
    expect(statusOf(output)?.record).toEqual({
      ...{ recordedTime: '2026-01-01T03:10:00Z', ...period, rows: 3, sha256 },
      ...{ meters: [{ meter: 'gpu_seconds__nvidia_l4__full', quantitySeconds: '6000' }], metersLeftOut: 0 },
      focus: {
        ...{ rows: 2, sha256: createHash('sha256').update(csv).digest('hex'), totalsLeftOut: 0 },
        totals: [{ currency: 'usd', billedCost: '5.4', effectiveCost: '5.4' }],
      },
      heads: ['acme', 'globex'].map((tenant) => ({
        ...{ tenant, sequence: `${lastOf(tenant)?.id}`, hash: lastOf(tenant)?.hash },
        windowStartTime: tenant === 'acme' ? '2026-01-01T01:00:00Z' : period.fromTime,
      })),
      headsLeftOut: 0,
    });
    expect(condition(output)).toMatchObject({ status: 'True', reason: 'Recorded' });
    expect(condition(output, 'Verified')).toMatchObject({ status: 'True', reason: 'HeadsFound' });
    // The documentation's statement, as an auditor would run it.
    const { rows: audit } = await sql<{ sha256: string }>`
      SELECT encode(sha256(string_agg(hash || E'\n', '' ORDER BY window_start, id)::bytea), 'hex') AS sha256
      FROM usage_window WHERE window_start >= ${period.fromTime} AND window_start < ${period.toTime}`.execute(
      opened().db,
    );
    expect(audit[0]?.sha256).toBe(sha256);
  });

  test('a fee of the period is in its export as it is printed', async () => {
    await use();
    const fee = { kind: 'fee', subject: 'acme/2026-01/usd/0', tenant: 'acme', currency: 'usd' } as const;
    const postings = [{ ...fee, occurredAt: Date.parse(period.toTime), amount: 4900n * one }];
    await opened().fence.within((trx) => post(trx, postings));
    const { csv } = await focusReport.read(opened(), { from: period.fromTime, to: period.toTime }, now);
    expect(statusOf(await report())?.record?.focus).toMatchObject({
      ...{ rows: 3, sha256: createHash('sha256').update(csv).digest('hex') },
      totals: [{ currency: 'usd', billedCost: '54.4' }],
    });
  });

  test('one tenant', async () => {
    await use();
    const record = statusOf(await report({ tenantRef: { name: 'globex' } }))?.record;
    expect(record).toMatchObject({ rows: 1, heads: [{ tenant: 'globex' }], focus: { rows: 0, totals: [] } });
  });

  test('what comes later changes nothing of a record, and its heads are still found', async () => {
    await use();
    const first = await report();
    const before = statusOf(first)?.record;
    await hold('d', 'acme', '2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z');
    now += 3_600_000;
    await seal();
    const later = await first.again({ now: new Date(now) });
    expect(await opened().db.selectFrom('usage_window').select('id').execute()).toHaveLength(5);
    expect(statusOf(later)?.record).toEqual(before);
    expect(condition(later, 'Verified')).toMatchObject({ status: 'True' });
    expect(statusOf(await report())?.record).toMatchObject({ rows: 4 });
  });

  test('a tail that was cut off is found, named and told, and the record stays', async () => {
    await use();
    const checks = createRegistry();
    const object = thing(kinds.UsageReport, {
      ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'UsageReport', metadata: { name, uid: name } },
      spec: { period },
    });
    const watched = usageReportController(opened(), checks);
    const first = await runPass(watched, { world: [object], key, now: new Date(now) });
    const before = statusOf(first)?.record;
    const tail = new Date('2026-01-01T01:00:00Z');
    await asOwner(opened(), async (trx) => {
      await sql`SET LOCAL session_replication_role = replica`.execute(trx);
      await trx.deleteFrom('usage_window').where('window_start', '>=', tail).execute();
    });
    const later = await first.again({ now: new Date(now + 3_600_000) });
    expect(statusOf(later)?.record).toEqual(before);
    const message = expect.stringMatching(/tenant acme for the window at 2026-01-01T01:00:00Z .* restore a backup/);
    expect(condition(later, 'Verified')).toMatchObject({ status: 'False', reason: 'ChainCut', message });
    expect(condition(later)).toMatchObject({ status: 'True', reason: 'Recorded' });
    expect(later.events).toMatchObject([{ type: 'Warning', reason: 'UsageChainCut' }]);
    expect(await checks.metrics()).toContain('gpuopt_billing_report_checks_total{result="cut"} 1');
  });

  test.each<[string, () => Promise<unknown>, Partial<UsageReport['spec']>, object]>([
    ['the period has not ended', use, { period: { month: '2026-01' } }, { reason: 'PeriodOpen', status: 'Unknown' }],
    [
      'the period is longer than a year',
      use,
      { period: { fromTime: '2020-01-01T00:00:00Z', toTime: '2021-01-01T00:00:01Z' } },
      { reason: 'PeriodTooLong', status: 'False' },
    ],
    ['nothing is sealed', async () => undefined, {}, { reason: 'NotSealed', status: 'Unknown' }],
    [
      'its last window is not sealed',
      use,
      { period: { ...period, toTime: '2026-01-01T03:05:00Z' } },
      {
        reason: 'NotSealed',
        status: 'Unknown',
        message: expect.stringContaining('sealed through 2026-01-01T03:00:00Z'),
      },
    ],
    [
      'late news is not stated',
      async () => {
        await use();
        await hold('d', 'acme', '2026-01-01T00:00:00Z', '2026-01-01T00:30:00Z');
      },
      {},
      { reason: 'RevisionsDue', status: 'Unknown' },
    ],
    ['nobody has this name', use, { tenantRef: { name: 'acm' } }, { reason: 'TenantUnknown', status: 'False' }],
  ])('nothing is recorded: %s', async (_, world, spec, expected) => {
    await world();
    const output = await report(spec);
    expect(condition(output)).toMatchObject(expected);
    expect(statusOf(output)?.record).toBeUndefined();
  });
});
