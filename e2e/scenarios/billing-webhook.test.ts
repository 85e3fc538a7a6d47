import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { BillingProvider, PriceBook } from '../../operator/api/index.ts';
import { startUsageReceiver, type UsageReceiver } from '../peers/usage-receiver/receiver.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { isDone, lastEnd, trueSeconds } from './ledger/truth.ts';

const NAME = 'hook-acme';
const OPERATOR_NAMESPACE = 'gpuopt-system';
const PATIENCE_MILLIS = 240_000;
const apiVersion = 'gpuoptimizer.io/v1alpha1';
const node = gpuNode('hook', 'hook-a');
const key = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

let world: GpuWorld;
let operator: LedgerOperator;
let receiver: UsageReceiver;

beforeAll(async () => {
  world = await gpuWorld();
  receiver = await startUsageReceiver(key);
  operator = new LedgerOperator(world.cluster.kubeconfig, 4);
  const tenant = gpuTenant(NAME, [NAME]);
  const billing = { providerRef: { name: NAME }, book: NAME, customerId: 'customer-17' };
  await world.send(
    ['apply', '--server-side'],
    ...[node, gpuPool('hook', { 'gpuoptimizer.io/scenario': 'hook' })],
    ...[namespaceNamed(OPERATOR_NAMESPACE), namespaceNamed(NAME), secret(), provider(), priceBook()],
    { ...tenant, spec: { ...tenant.spec, billing } },
  );
  await operator.start();
  await world.belongs(NAME, NAME);
});

afterAll(async () => {
  await operator?.stop();
  await receiver?.close();
  await world?.end({
    namespaces: [NAME],
    objects: [
      ...['gpupool/hook', `tenant/${NAME}`, `billingprovider/${NAME}`, `pricebook/${NAME}`],
      `node/${node.metadata.name}`,
    ],
  });
});

function secret(): object {
  const metadata = { name: NAME, namespace: OPERATOR_NAMESPACE };
  return { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { signing: key } };
}

function provider(): Pick<BillingProvider, 'apiVersion' | 'kind' | 'metadata' | 'spec'> {
  const spec = { type: 'Webhook', mode: 'Test', secretRef: { name: NAME, key: 'signing' } } as const;
  return {
    apiVersion,
    kind: 'BillingProvider',
    metadata: { name: NAME },
    spec: { ...spec, webhook: { url: receiver.url } },
  };
}

function priceBook(): PriceBook {
  const sku = { name: 'hook_h100', match: { model: 'NVIDIA-H100-80GB-HBM3', profile: 'full' }, perHour: '3.60' };
  const spec = { book: NAME, version: 1, currency: 'usd', effectiveFromTime: '2020-01-01T00:00:00Z', skus: [sku] };
  return { apiVersion, kind: 'PriceBook', metadata: { name: NAME }, spec };
}

it('counts every GPU-second once, though answers are lost and the operator is killed -9', {
  timeout: 2 * PATIENCE_MILLIS,
}, async () => {
  receiver.fail(['lost-answer', 'busy', 'lost-answer', 'unavailable', 'none', 'lost-answer']);
  const seconds = { annotations: { 'gpuoptimizer.io/run-seconds': '25' } };
  const spec = gpuSpec(2, { restartPolicy: 'Never' });
  await world.send(['create'], gpuPod(NAME, 'one', spec, seconds), gpuPod(NAME, 'two', spec, seconds));
  await eventually(
    'something was posted',
    async () => (receiver.counted().length > 0 ? true : undefined),
    PATIENCE_MILLIS,
  );
  await operator.end('SIGKILL');
  await delay(1000);
  await operator.start();
  const pods = await eventually(
    'both pods are done',
    async () => {
      const found = await world.pods(NAME);
      return found.length === 2 && found.every(isDone) ? found : undefined;
    },
    PATIENCE_MILLIS,
  );
  await operator.sealedUsage(NAME, lastEnd(pods));
  const expected = trueSeconds(pods);
  const total = (): bigint => receiver.counted().reduce((sum, { value }) => sum + value, 0n);
  await eventually(
    `the receiver has ${expected} GPU-seconds`,
    async () => (total() === expected ? true : undefined),
    PATIENCE_MILLIS,
  );
  expect(receiver.refused()).toEqual([]);
  expect(receiver.repeats()).toBeGreaterThan(0);
  const named = new Set(receiver.counted().map(({ type, subject }) => `${type} of ${subject}`));
  expect([...named]).toEqual(['gpu_seconds__hook_h100 of customer-17']);
  const { status } = await world.get<BillingProvider>('billingprovider', NAME);
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  expect(ready).toMatchObject({ status: 'True', reason: 'Accepting' });
});
