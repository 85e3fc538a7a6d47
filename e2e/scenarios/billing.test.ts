import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BillingProvider, PriceBook } from '../../operator/api/index.ts';
import type { UsageAnswer } from '../../operator/billing/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { PeerProcess } from './ledger/peer.ts';
import { isDone, lastEnd, trueSeconds } from './ledger/truth.ts';

const NAME = 'bill-acme';
const OPERATOR_NAMESPACE = 'gpuopt-system';
const WINDOW_SECONDS = 3;
// Each failed call doubles the wait for the next, and a call that is killed counts as one.
const PATIENCE_MILLIS = 500_000;
const EVENTS = 'POST /v1/billing/meter_events';
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const nodes = [gpuNode('bill', 'bill-a'), gpuNode('bill', 'bill-b')];

let world: GpuWorld;
let operator: LedgerOperator;
let peer: PeerProcess;

beforeAll(async () => {
  world = await gpuWorld();
  peer = await PeerProcess.start(['cus_bill_acme']);
  operator = new LedgerOperator(world.cluster.kubeconfig, WINDOW_SECONDS);
  await world.send(
    ['apply', '--server-side'],
    ...nodes,
    namespaceNamed(OPERATOR_NAMESPACE),
    namespaceNamed(NAME),
    secret('sk_test_peer'),
    provider(),
    priceBook(1, '3.60'),
    gpuPool('bill', { 'gpuoptimizer.io/scenario': 'bill' }),
    { ...gpuTenant(NAME, [NAME]), spec: { ...gpuTenant(NAME, [NAME]).spec, billing } },
  );
  await operator.start();
  await eventually('the namespace belongs to the tenant', async () => {
    const found = await world.get<{ metadata: Pod['metadata'] }>('namespace', NAME);
    return found.metadata.labels?.['gpuoptimizer.io/managed'] === 'true' ? true : undefined;
  });
});

afterAll(async () => {
  await operator?.stop();
  await peer?.stop();
  await world?.end({
    namespaces: [NAME],
    objects: [
      ...['gpupool/bill', `tenant/${NAME}`, `billingprovider/${NAME}`, `pricebook/${NAME}-1`, `pricebook/${NAME}-2`],
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

const billing = { providerRef: { name: NAME }, book: NAME, customerId: 'cus_bill_acme' };

function secret(key: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: NAME, namespace: OPERATOR_NAMESPACE },
    data: { 'api-key': Buffer.from(key).toString('base64') },
  };
}

function provider(): Pick<BillingProvider, 'apiVersion' | 'kind' | 'metadata' | 'spec'> {
  const spec = { type: 'Stripe', mode: 'Test', secretRef: { name: NAME, key: 'api-key' }, endpoint: peer.url } as const;
  return { apiVersion, kind: 'BillingProvider', metadata: { name: NAME }, spec };
}

function priceBook(version: number, perHour: string): PriceBook {
  const sku = { name: 'bill_h100__full', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour };
  const spec = { book: NAME, version, currency: 'usd', effectiveFromTime: '2020-01-01T00:00:00Z', skus: [sku] };
  return { apiVersion, kind: 'PriceBook', metadata: { name: `${NAME}-${version}` }, spec };
}

async function condition(
  kind: string,
  name: string,
): Promise<{ readonly status: string; readonly reason: string; readonly message: string }> {
  const found = await world.get<BillingProvider>(kind, name);
  const ready = found.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready ?? { status: 'Unknown', reason: 'None', message: '' };
}

async function providerIs(reason: string): Promise<string> {
  return await eventually(
    `BillingProvider is ${reason}`,
    async () => {
      const ready = await condition('billingprovider', NAME);
      return ready.reason === reason ? ready.message : undefined;
    },
    90_000,
  );
}

async function run(prefix: string, seconds: readonly number[]): Promise<readonly Pod[]> {
  const pods = seconds.map((one, index) =>
    gpuPod(NAME, `${prefix}-${index}`, gpuSpec(index + 1, { restartPolicy: 'Never' }), {
      annotations: { 'gpuoptimizer.io/run-seconds': String(one) },
    }),
  );
  await world.send(['create'], ...pods);
  return await eventually(`the pods ${prefix} are done`, async () => {
    const found = (await world.pods(NAME)).filter(({ metadata }) => metadata.name?.startsWith(prefix));
    return found.length === seconds.length && found.every(isDone) ? found : undefined;
  });
}

/** Usage once it is sealed and the provider has all of it. */
async function delivered(time: number): Promise<UsageAnswer> {
  await operator.sealedUsage(NAME, time);
  return await eventually(
    'everything sealed is accepted',
    async () => {
      const answer = await operator.usage(NAME);
      return answer.meters.every(({ quantity, accepted }) => quantity === accepted) ? answer : undefined;
    },
    PATIENCE_MILLIS,
  );
}

it('the provider opens: its key is read, its meters are made, its price book is in force', async () => {
  expect(await providerIs('Accepting')).toBe('account acct_peer takes usage events');
  expect(await condition('pricebook', `${NAME}-1`)).toMatchObject({ status: 'True', reason: 'InForce' });
});

it('bills exactly what pods held, though answers are lost and the operator is killed -9 while it sends', {
  timeout: 2 * PATIENCE_MILLIS,
}, async () => {
  const faults = [
    'accept-then-drop',
    'accept-then-drop',
    'drop-before-accept',
    '500-after-accept',
    '500-before-accept',
    '429',
  ];
  await peer.control('faults', { plan: faults.map((fault, index) => ({ route: EVENTS, nth: index + 1, fault })) });
  const [pods] = await Promise.all([run('faults', [6, 9, 12]), killSometimes()]);
  const usage = await delivered(lastEnd(pods));
  const { sums, events } = await peer.truth();
  const expected = trueSeconds(pods).toString();
  expect(sums).toEqual([{ customer: 'cus_bill_acme', eventName: 'gpu_seconds__bill_h100__full', value: expected }]);
  expect(usage.meters).toMatchObject([
    { meter: 'gpu_seconds__bill_h100__full', quantity: expected, accepted: expected },
  ]);
  expect(new Set(events.map(({ identifier }) => identifier)).size).toBe(events.length);
  // 3.60 USD an hour is 0.1 cents a second.
  expect(usage.cost).toMatchObject({ currency: 'usd', exactMinor: expect.stringMatching(tenth(expected)) });
});

function tenth(quantity: string): RegExp {
  const value = BigInt(quantity);
  return new RegExp(`^${value / 10n}[.]${value % 10n}0{11}$`);
}

async function killSometimes(): Promise<void> {
  for (const moment of [4_000, 3_000]) {
    await delay(moment);
    await operator.end('SIGKILL');
    await operator.start();
  }
}

it('a key that the provider refuses stops sending and says so; nothing is lost, and the provider goes on with a good one', {
  timeout: 2 * PATIENCE_MILLIS,
}, async () => {
  await peer.control('key', { state: 'revoked' });
  const pods = await run('revoked', [2]);
  expect(await providerIs('KeyRefused')).toContain('nothing is sent until the Secret holds a key that it accepts');
  const held = await operator.sealedUsage(NAME, lastEnd(pods));
  expect(held.meters[0]?.rejected).toBe('0');
  await peer.control('key', { state: 'good' });
  await providerIs('Accepting');
  const usage = await delivered(lastEnd(pods));
  const { sums } = await peer.truth();
  expect(sums[0]?.value).toBe(usage.meters[0]?.accepted);
});

it.each([
  ['a live key in mode Test', 'ModeMismatch', 'sk_live_1'],
  ['a key of somebody else', 'KeyRefused', 'sk_test_other'],
])('%s: BillingProvider says %s', async (_, reason, key) => {
  await world.send(['apply', '--server-side', '--force-conflicts'], secret(key));
  const message = await providerIs(reason);
  expect(message).not.toContain(key);
  await world.send(['apply', '--server-side', '--force-conflicts'], secret('sk_test_peer'));
  await providerIs('Accepting');
});

it('a version that says something else under a number already used is refused', async () => {
  await world.send(['apply', '--server-side'], { ...priceBook(1, '9.99'), metadata: { name: `${NAME}-2` } });
  await eventually('the second version 1 is refused', async () =>
    (await condition('pricebook', `${NAME}-2`)).reason === 'VersionTaken' ? true : undefined,
  );
});
