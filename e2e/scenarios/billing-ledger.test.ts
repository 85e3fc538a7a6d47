import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { CreditGrant, PriceBook, UsageCorrection, UsageReport } from '../../operator/api/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { createLogger, systemClock } from '../../operator/observability/index.ts';
import { openStore } from '../../operator/store/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { PeerProcess } from './ledger/peer.ts';
import { bindOf, endOf, gpusOf, isDone, lastEnd } from './ledger/truth.ts';

const BOOK = 'preview';
const OPERATOR_NAMESPACE = 'gpuopt-system';
const WINDOW_SECONDS = 10;
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const tenants = ['preview-acme', 'preview-globex'] as const;
const nodes = [gpuNode('preview', 'preview-a')];

let world: GpuWorld;
let operator: LedgerOperator;
let peer: PeerProcess;
/** In the middle of a window, so that the window is cut; milliseconds since 1970. */
let changeAt: number;
let pods: readonly Pod[];

beforeAll(async () => {
  world = await gpuWorld();
  peer = await PeerProcess.start(tenants.map(customerOf));
  operator = new LedgerOperator(world.cluster.kubeconfig, WINDOW_SECONDS);
  changeAt = Math.ceil((Date.now() + 45_000) / (WINDOW_SECONDS * 1000)) * WINDOW_SECONDS * 1000 + 4_000;
  const secretRef = { name: BOOK, key: 'api-key' };
  await world.send(
    ['apply', '--server-side'],
    ...nodes,
    namespaceNamed(OPERATOR_NAMESPACE),
    ...tenants.map((name) => namespaceNamed(name)),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: BOOK, namespace: OPERATOR_NAMESPACE },
      stringData: { 'api-key': 'sk_test_peer' },
    },
    {
      apiVersion,
      kind: 'BillingProvider',
      metadata: { name: BOOK },
      spec: { type: 'Stripe', mode: 'Test', secretRef, endpoint: peer.url },
    },
    priceBook(1, '3.60', Date.parse('2020-01-01T00:00:00Z')),
    priceBook(2, '7.20', changeAt),
    gpuPool('preview', { 'gpuoptimizer.io/scenario': 'preview' }),
    ...tenants.map((name) => {
      const tenant = gpuTenant(name, [name]);
      const billing = { providerRef: { name: BOOK }, book: BOOK, customerId: customerOf(name) };
      return { ...tenant, spec: { ...tenant.spec, billing } };
    }),
  );
  await operator.start();
  for (const name of tenants) {
    await eventually(`the namespace ${name} belongs to its tenant`, async () => {
      const found = await world.get<{ metadata: Pod['metadata'] }>('namespace', name);
      return found.metadata.labels?.['gpuoptimizer.io/managed'] === 'true' ? true : undefined;
    });
  }
});

afterAll(async () => {
  await operator?.stop();
  await peer?.stop();
  await world?.end({
    namespaces: [...tenants],
    objects: [
      ...[
        `usagecorrection/${BOOK}`,
        `creditgrant/${BOOK}`,
        `usagereport/${BOOK}`,
        'gpupool/preview',
        `billingprovider/${BOOK}`,
        `pricebook/${BOOK}-1`,
        `pricebook/${BOOK}-2`,
      ],
      ...tenants.map((name) => `tenant/${name}`),
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

function customerOf(tenant: string): string {
  return `cus_${tenant.replaceAll('-', '_')}`;
}

function priceBook(version: number, perHour: string, from: number): PriceBook {
  const sku = { name: 'preview_h100__full', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour };
  const effectiveFromTime = new Date(from).toISOString().replace('.000Z', 'Z');
  const spec = { book: BOOK, version, currency: 'usd', effectiveFromTime, skus: [sku] };
  return { apiVersion, kind: 'PriceBook', metadata: { name: `${BOOK}-${version}` }, spec };
}

/** A command against the running operator: its exit code and what it printed. */
async function run(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  try {
    const { stdout } = await promisify(execFile)(gpuopt, [...args, '--server', operator.server]);
    return { code: 0, out: stdout };
  } catch (error) {
    const code: unknown = Reflect.get(Object(error), 'code');
    const out: unknown = Reflect.get(Object(error), 'stdout');
    if (typeof code !== 'number') throw error;
    return { code, out: String(out) };
  }
}

/** GPU-seconds of a tenant before and after the price changed, from the API server's own words. */
function secondsOf(tenant: string): readonly [bigint, bigint] {
  const mine = pods.filter(({ metadata }) => metadata.namespace === tenant);
  const within = (pod: Pod, from: number, to: number): bigint =>
    BigInt(gpusOf(pod)) * BigInt(Math.max(0, Math.min(endOf(pod), to) - Math.max(bindOf(pod), from)) / 1000);
  const sum = (from: number, to: number): bigint => mine.reduce((total, pod) => total + within(pod, from, to), 0n);
  return [sum(0, changeAt), sum(changeAt, Number.MAX_SAFE_INTEGER)];
}

/** Tenths of a cent as the text of an exact amount in cents. */
function tenths(value: bigint): string {
  return `${value / 10n}.${value % 10n}${'0'.repeat(11)}`;
}

it('two tenants hold GPUs while the price changes in the middle of a window', async () => {
  const specs = [
    { tenant: tenants[0], gpus: 2 },
    { tenant: tenants[1], gpus: 1 },
  ];
  const made = specs.map(({ tenant, gpus }) => {
    const seconds = Math.ceil((changeAt - Date.now()) / 1000) + 15;
    const spec = gpuSpec(gpus, { restartPolicy: 'Never', nodeSelector: { 'gpuoptimizer.io/scenario': 'preview' } });
    return gpuPod(tenant, 'spans', spec, { annotations: { 'gpuoptimizer.io/run-seconds': String(seconds) } });
  });
  await world.send(['create'], ...made);
  pods = await eventually(
    'the pods are done',
    async () => {
      const found = (await Promise.all(tenants.map((name) => world.pods(name)))).flat();
      return found.length === made.length && found.every(isDone) ? found : undefined;
    },
    150_000,
  );
  for (const name of tenants) {
    const [before, after] = secondsOf(name);
    expect(before > 0n && after > 0n).toBe(true);
    await operator.sealedUsage(name, lastEnd(pods));
  }
});

it.each(tenants)('the preview of %s is what a person computes by hand', async (tenant) => {
  const [before, after] = secondsOf(tenant);
  const answer = await eventually('everything is charged', async () => {
    const { code, out } = await run('bill', 'preview', '--tenant', tenant, '--json');
    return code === 0 ? JSON.parse(out) : undefined;
  });
  const line = { sku: 'preview_h100__full', book: BOOK, currency: 'usd', tiered: false, unit: 'GPU-seconds' };
  expect(answer.lines).toMatchObject([
    // 3.60 USD an hour is a tenth of a cent a second, 7.20 USD two tenths.
    { ...line, version: 1, quantity: `${before}`, unitPrice: '0.100000000000', exactMinor: tenths(before) },
    { ...line, version: 2, quantity: `${after}`, unitPrice: '0.200000000000', exactMinor: tenths(2n * after) },
  ]);
  const total = before + 2n * after;
  const cents = (total + 5n) / 10n;
  const dollars = `${cents / 100n}.${(cents % 100n).toString().padStart(2, '0')}`;
  expect(answer.totals).toEqual([{ currency: 'usd', amount: dollars, exactMinor: tenths(total) }]);
  const { out } = await run('bill', 'preview', '--tenant', tenant);
  expect(out).toContain(`Total: ${dollars} usd`);
});

it('the whole ledger can be recomputed from the intervals', async () => {
  const { code, out } = await run('usage', 'verify', '--json');
  expect(JSON.parse(out)).toMatchObject({ chains: '2', mismatches: [] });
  expect(code).toBe(0);
});

it('the provider has what was used, and nothing is open between it and us', async () => {
  await eventually('the provider has everything', async () => {
    const { sums } = await peer.truth();
    const has = (tenant: string): boolean => {
      const [before, after] = secondsOf(tenant);
      return sums.some(({ customer, value }) => customer === customerOf(tenant) && value === `${before + after}`);
    };
    return tenants.every(has) ? true : undefined;
  });
  const compared = await eventually(
    'the sums were compared and nothing differs',
    async () => {
      const { code, out } = await run('usage', 'reconcile', '--json');
      return code === 0 ? JSON.parse(out) : undefined;
    },
    180_000,
  );
  expect(compared).toMatchObject({ drift: [], held: '0' });
});

it('the export for other programs holds each window once, split where the price changed', async () => {
  const { code, out } = await run('usage', 'export', '--format', 'focus', '--tenant', tenants[0]);
  expect(code).toBe(0);
  const [head = '', ...rows] = out.trimEnd().split('\r\n');
  const start = head.split(',').indexOf('ChargePeriodStart');
  const quantity = head.split(',').indexOf('ConsumedQuantity');
  const cells = rows.map((row) => row.split(','));
  const [before, after] = secondsOf(tenants[0]);
  expect(cells.reduce((sum, row) => sum + BigInt(row[quantity] ?? '0'), 0n)).toBe(before + after);
  expect(cells.map((row) => row[start])).toContain(new Date(changeAt).toISOString().replace('.000Z', 'Z'));
});

it('a GPU-second that a person takes back is a revision that the provider has, and the ledger still adds up', async () => {
  const [tenant] = tenants;
  const correction: UsageCorrection = {
    ...{ apiVersion, kind: 'UsageCorrection', metadata: { name: BOOK } },
    spec: {
      ...{ tenantRef: { name: tenant }, sku: 'preview_h100__full', quantitySeconds: '-1' },
      ...{ windowStartTime: new Date(changeAt).toISOString(), reason: 'the node was down', approvedBy: 'cfo' },
    },
  };
  await world.send(['apply', '--server-side'], correction);
  const { status } = await eventually('the correction is applied', async () => {
    const found = await world.get<UsageCorrection>('usagecorrection', BOOK);
    return found.status?.appliedTime === undefined ? undefined : found;
  });
  expect(status).toMatchObject({ revision: 2, identifier: expect.stringMatching(/^gm1_/) });
  const [before, after] = secondsOf(tenant);
  await eventually('the provider has it', async () => {
    const { sums } = await peer.truth();
    const corrected = `${before + after - 1n}`;
    return sums.some(({ customer, value }) => customer === customerOf(tenant) && value === corrected) || undefined;
  });
  const { code, out } = await run('usage', 'verify', '--json');
  expect(JSON.parse(out)).toMatchObject({ mismatches: [] });
  expect(code).toBe(0);
});

it('credit is posted, and pays nothing of what was used before it', async () => {
  const [tenant] = tenants;
  const spec = { tenantRef: { name: tenant }, amount: '5.00', currency: 'usd' };
  const grant: CreditGrant = { apiVersion, kind: 'CreditGrant', metadata: { name: BOOK }, spec };
  await world.send(['apply', '--server-side'], grant);
  const { status } = await eventually('the grant is posted', async () => {
    const found = await world.get<CreditGrant>('creditgrant', BOOK);
    return found.status?.remaining === undefined ? undefined : found;
  });
  expect(status).toMatchObject({ remaining: '5.00' });
  const { out } = await run('bill', 'preview', '--tenant', tenant, '--json');
  expect(JSON.parse(out)).toMatchObject({ credits: [] });
});

it('a report records the sealed period once, and the API server lets nobody change it', async () => {
  const [first, last] = [Math.min(...pods.map(bindOf)), lastEnd(pods)];
  const [fromTime, toTime] = [new Date(first - WINDOW_SECONDS * 1000), new Date(last + WINDOW_SECONDS * 1000)];
  const spec = { period: { fromTime: fromTime.toISOString(), toTime: toTime.toISOString() } };
  const report: UsageReport = { apiVersion, kind: 'UsageReport', metadata: { name: BOOK }, spec };
  await world.send(['apply', '--server-side'], report);
  const { status } = await eventually('the period is recorded', async () => {
    const found = await world.get<UsageReport>('usagereport', BOOK);
    return found.status?.record === undefined ? undefined : found;
  });
  // One GPU-second was taken back by the correction.
  const used = tenants.flatMap(secondsOf).reduce((sum, seconds) => sum + seconds, 0n) - 1n;
  expect(status?.record?.meters).toMatchObject([{ quantitySeconds: `${used}` }]);
  expect(status?.record?.heads.map(({ tenant }) => tenant)).toEqual(tenants);
  const { out } = await run('usage', 'verify', '--json');
  expect(JSON.parse(out).heads).toMatchObject(
    status?.record?.heads.map(({ tenant, hash }) => ({ tenant, hash })) ?? [],
  );
  const { kubectl } = world.cluster;
  const patch = (body: object, ...more: readonly string[]): Promise<string> =>
    kubectl(['patch', 'usagereport', BOOK, '--type=merge', '-p', JSON.stringify(body), ...more]);
  await expect(patch({ spec: { tenantRef: { name: tenants[0] } } })).rejects.toThrow('spec is immutable once');
  await expect(patch({ status: { record: { rows: 0 } } }, '--subresource=status')).rejects.toThrow('written once');
});

it('a ledger whose tail was cut off while the operator was down is found out', async () => {
  await operator.end('SIGTERM');
  const log = createLogger({ level: 'silent' });
  const store = await openStore({ dataDir: operator.dataDir, log, clock: systemClock });
  await sql`TRUNCATE usage_window CASCADE`.execute(store.db);
  await store.close();
  await operator.start();
  const found = await eventually('the report says so', async () => {
    const { status } = await world.get<UsageReport>('usagereport', BOOK);
    return status?.conditions?.find(({ type, reason }) => type === 'Verified' && reason === 'ChainCut');
  });
  expect(found.message).toContain(`tenant ${tenants[0]}`);
});
