import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BillingProvider, Condition, PriceBook, Tenant } from '../../operator/api/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { PeerProcess } from './ledger/peer.ts';
import { StripeAccount } from './ledger/stripe-account.ts';
import { isDone, trueSeconds } from './ledger/truth.ts';

const NAME = 'sell-acme';
const OPERATOR_NAMESPACE = 'gpuopt-system';
const WINDOW_SECONDS = 10;
const PATIENCE_MILLIS = 180_000;
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const nodes = [gpuNode('sell', 'sell-a')];
const others = Array.from({ length: 11 }, (_, index) => `sell_other_${index}`);

let world: GpuWorld;
let operator: LedgerOperator;
let peer: PeerProcess;
let account: StripeAccount;

beforeAll(async () => {
  world = await gpuWorld();
  peer = await PeerProcess.start([]);
  account = new StripeAccount(peer.url);
  operator = new LedgerOperator(world.cluster.kubeconfig, WINDOW_SECONDS);
  const tenant = gpuTenant(NAME, [NAME]);
  const billing = { providerRef: { name: NAME }, book: NAME };
  await world.send(
    ['apply', '--server-side'],
    ...nodes,
    namespaceNamed(OPERATOR_NAMESPACE),
    namespaceNamed(NAME),
    {
      ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: NAME, namespace: OPERATOR_NAMESPACE } },
      stringData: { 'api-key': 'sk_test_peer' },
    },
    provider(),
    priceBook(),
    gpuPool('sell', { 'gpuoptimizer.io/scenario': 'sell' }),
    { ...tenant, spec: { ...tenant.spec, billing } },
  );
});

afterAll(async () => {
  await operator?.stop();
  await peer?.stop();
  await world?.end({
    namespaces: [NAME],
    objects: [
      ...['gpupool/sell', `tenant/${NAME}`, `billingprovider/${NAME}`, `pricebook/${NAME}`],
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

function provider(): object {
  const secretRef = { name: NAME, key: 'api-key' };
  const spec = { type: 'Stripe', mode: 'Test', secretRef, endpoint: peer.url, catalog: { mode: 'Test' } };
  return { apiVersion, kind: 'BillingProvider', metadata: { name: NAME }, spec };
}

/** A second of the H100 costs a tenth of a cent; the others are there to be many. */
function priceBook(): PriceBook {
  const sku = { name: 'sell_h100', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour: '3.60' };
  const more = others.map((name) => ({ name, match: { model: name }, perHour: '1.00' }));
  const effectiveFromTime = '2020-01-01T00:00:00Z';
  const spec = { book: NAME, version: 1, currency: 'usd', effectiveFromTime, skus: [sku, ...more] };
  return { apiVersion, kind: 'PriceBook', metadata: { name: NAME }, spec };
}

async function condition(kind: 'billingprovider' | 'tenant', type: string): Promise<Condition | undefined> {
  const { status } = await world.get<BillingProvider | Tenant>(kind, NAME);
  return status?.conditions?.find((one) => one.type === type);
}

async function conditionIs(kind: 'billingprovider' | 'tenant', type: string, reason: string): Promise<string> {
  return await eventually(
    `${type} of the ${kind} is ${reason}`,
    async () => {
      const found = await condition(kind, type);
      return found?.reason === reason ? found.message : undefined;
    },
    PATIENCE_MILLIS,
  );
}

/** Has the catalog compared now and not within ten minutes. */
async function look(): Promise<void> {
  const { cluster } = world;
  await cluster.kubectl([
    'annotate',
    'billingprovider',
    NAME,
    `gpuoptimizer.io/compare-catalog=${Date.now()}`,
    '--overwrite',
  ]);
}

async function counts(): Promise<Readonly<Record<string, number>>> {
  const kinds = ['billing/meters', 'products', 'prices', 'customers', 'subscriptions?status=all'];
  const found = await Promise.all(kinds.map(async (kind) => [kind, (await account.ids(kind)).length] as const));
  return Object.fromEntries(found);
}

it('makes what the list and the tenant ask for, each once, though it is killed -9 twice meanwhile', {
  timeout: 6 * PATIENCE_MILLIS,
}, async () => {
  for (const [kind, least] of [
    ['prices', 4],
    ['customers', 1],
  ] as const) {
    await operator.start();
    await eventually(
      `there are ${least} ${kind}`,
      async () => ((await account.ids(kind)).length >= least ? true : undefined),
      PATIENCE_MILLIS,
    );
    await operator.end('SIGKILL');
  }
  await operator.start();
  await conditionIs('billingprovider', 'CatalogInStep', 'CatalogComplete');
  await conditionIs('tenant', 'CustomerReady', 'Subscribed');
  expect(await counts()).toEqual({
    'billing/meters': 12,
    products: 12,
    prices: 12,
    customers: 1,
    'subscriptions?status=all': 1,
  });
  const { status } = await world.get<Tenant>('tenant', NAME);
  expect([status?.customerId, status?.subscriptionId]).toEqual([
    ...(await account.ids('customers')),
    ...(await account.ids('subscriptions?status=all')),
  ]);
});

it('the provider bills by them what the tenant used', { timeout: 2 * PATIENCE_MILLIS }, async () => {
  await eventually('the namespace belongs to the tenant', async () => {
    const found = await world.get<{ metadata: { labels?: Record<string, string> } }>('namespace', NAME);
    return found.metadata.labels?.['gpuoptimizer.io/managed'] === 'true' ? true : undefined;
  });
  const seconds = { annotations: { 'gpuoptimizer.io/run-seconds': '20' } };
  await world.send(['create'], gpuPod(NAME, 'work', gpuSpec(2, { restartPolicy: 'Never' }), seconds));
  const pods = await eventually('the pod is done', async () => {
    const found = await world.pods(NAME);
    return found.length === 1 && found.every(isDone) ? found : undefined;
  });
  const expected = trueSeconds(pods);
  const { status } = await world.get<Tenant>('tenant', NAME);
  await eventually(
    `the next invoice is over ${expected} GPU-seconds`,
    async () => {
      const total = await account.preview(status?.subscriptionId ?? '');
      return total === Math.round(Number(expected) / 10) ? true : undefined;
    },
    PATIENCE_MILLIS,
  );
});

it('what a person changes in the dashboard is said, and left as it is', { timeout: 2 * PATIENCE_MILLIS }, async () => {
  const [price = ''] = await account.ids(`prices?lookup_keys[]=gpuopt/${NAME}/1/sell_other_3`);
  await account.change(`prices/${price}`, { active: 'false' });
  await look();
  expect(await conditionIs('billingprovider', 'CatalogInStep', 'CatalogDrifted')).toContain(`(${price}) is archived`);
  const events = await eventually('the event is there', async () => {
    const notes = await world.cluster.kubectl([
      'get',
      'events.events.k8s.io',
      '-A',
      '-o',
      'jsonpath={.items[*].reason}',
    ]);
    return notes.includes('CatalogDrifted') ? notes : undefined;
  });
  expect(events).toContain('CatalogDrifted');
  expect(await counts()).toMatchObject({ prices: 12, products: 12 });
  await account.change(`prices/${price}`, { active: 'true' });
  await look();
  await conditionIs('billingprovider', 'CatalogInStep', 'CatalogComplete');
});
