import { afterAll, beforeAll, expect, it } from 'vitest';
import type { PriceBook } from '../../operator/api/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { bindOf, endOf, isBound, isDone } from './ledger/truth.ts';

const SCENARIO = 'edges';
const WINDOW_SECONDS = 4;
/** A pass of metering comes at least every five seconds; what it sees lies at most so far back. */
const PASS_MS = 8_000;
const A100 = { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB' };
const L4 = { 'nvidia.com/gpu.product': 'NVIDIA-L4', 'nvidia.com/gpu.count': '2', 'nvidia.com/gpu.replicas': '4' };
const nodes = [
  gpuNode(SCENARIO, 'edges-whole'),
  gpuNode(SCENARIO, 'edges-mig', { 'nvidia.com/gpu': '7', 'nvidia.com/mig-1g.10gb': '7' }, A100),
  gpuNode(SCENARIO, 'edges-shared', { 'nvidia.com/gpu.shared': '8' }, L4),
];
const tenants = ['edges-mixed', 'edges-from', 'edges-to', 'edges-gone'] as const;
const namespaces = ['edges-mixed', 'edges-moved', 'edges-gone'] as const;
const owned = {
  'edges-mixed': 'edges-mixed',
  'edges-from': 'edges-moved',
  'edges-gone': 'edges-gone',
};

const book: PriceBook = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'PriceBook',
  metadata: { name: 'edges-1' },
  spec: {
    ...{ book: 'edges', version: 1, currency: 'usd', effectiveFromTime: '2020-01-01T00:00:00Z' },
    skus: [{ name: 'edges_l4', match: { model: 'NVIDIA-L4', profile: 'full' }, perHour: '3.60' }],
    idle: { split: 'Weighted', scope: 'Node' },
  },
};

let world: GpuWorld;
let operator: LedgerOperator;

beforeAll(async () => {
  world = await gpuWorld();
  operator = new LedgerOperator(world.cluster.kubeconfig, WINDOW_SECONDS);
  await world.send(
    ['apply', '--server-side'],
    ...nodes,
    book,
    gpuPool(SCENARIO, { 'gpuoptimizer.io/scenario': SCENARIO }),
    ...Object.entries(owned).map(([tenant, namespace]) => gpuTenant(tenant, [namespace])),
    gpuTenant('edges-to', ['edges-nothing-yet']),
    ...namespaces.map((name) => namespaceNamed(name)),
  );
  await operator.start();
  for (const [tenant, namespace] of Object.entries(owned)) await world.belongs(namespace, tenant);
});

afterAll(async () => {
  await operator?.stop();
  await world?.end({
    namespaces,
    objects: [
      ...[`gpupool/${SCENARIO}`, 'pricebook/edges-1', ...tenants.map((name) => `tenant/${name}`)],
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

/** Creates a pod on one node that asks for one resource; it ends by itself where it has seconds to run. */
async function create(
  namespace: string,
  name: string,
  node: string,
  resource: string,
  units: number,
  seconds?: number,
): Promise<void> {
  const spec = gpuSpec(1, { restartPolicy: 'Never', nodeSelector: { 'kubernetes.io/hostname': node } });
  const [main] = spec.containers;
  const containers = main === undefined ? [] : [{ ...main, resources: { limits: { [resource]: String(units) } } }];
  const annotations: Readonly<Record<string, string>> =
    seconds === undefined ? {} : { 'gpuoptimizer.io/run-seconds': String(seconds) };
  await world.send(['create'], gpuPod(namespace, name, { ...spec, containers }, { annotations }));
}

async function podsWhen(
  namespace: string,
  what: string,
  ready: (pods: readonly Pod[]) => boolean,
): Promise<readonly Pod[]> {
  return await eventually(what, async () => {
    const pods = await world.pods(namespace);
    return pods.length > 0 && ready(pods) ? pods : undefined;
  });
}

async function podWhen(namespace: string, what: string, ready: (pod: Pod) => boolean): Promise<Pod> {
  const [pod] = await podsWhen(namespace, what, (found) => found.every(ready));
  if (pod === undefined) throw new Error(`no pod in ${namespace}`);
  return pod;
}

/** GPU-seconds of a tenant by meter once everything before `time` is sealed. */
async function sealed(tenant: string, time: number): Promise<Readonly<Record<string, number>>> {
  const { meters } = await operator.sealedUsage(tenant, time + 2 * WINDOW_SECONDS * 1000);
  return Object.fromEntries(
    meters.map(({ meter, quantity }) => [meter.replace('gpu_seconds__', ''), Number(quantity)]),
  );
}

const seconds = (pods: readonly Pod[], name: string): number => {
  const pod = pods.find(({ metadata }) => metadata.name === name);
  return pod === undefined ? Number.NaN : (endOf(pod) - bindOf(pod)) / 1000;
};
it('whole GPUs, MIG slices and shared slots beside each other are metered apart, each by its own unit', async () => {
  const namespace = 'edges-mixed';
  await create(namespace, 'whole', 'edges-whole', 'nvidia.com/gpu', 3, 5);
  await create(namespace, 'slices', 'edges-mig', 'nvidia.com/mig-1g.10gb', 2, 7);
  await create(namespace, 'slots', 'edges-shared', 'nvidia.com/gpu.shared', 1, 12);
  const pods = await podsWhen(namespace, 'three pods are done', (found) => found.length === 3 && found.every(isDone));
  expect(await sealed('edges-mixed', Math.max(...pods.map(endOf)))).toEqual({
    nvidia_h100_80gb_hbm3__full: 3 * seconds(pods, 'whole'),
    nvidia_a100_sxm4_80gb__1g_10gb: 2 * seconds(pods, 'slices'),
    nvidia_l4__ts4: seconds(pods, 'slots'),
  });
});

it('what the shared node had unused is in the export, for the tenant who held a slot of it', async () => {
  const args = ['usage', 'export', '--format', 'focus', '--tenant', 'edges-mixed', '--server', operator.server];
  const { code, stdout } = await tryCommand([gpuopt, ...args]);
  expect(code).toBe(0);
  const [head = '', ...rows] = stdout.trimEnd().split('\r\n');
  const at = (column: string): number => head.split(',').indexOf(column);
  const unused = rows
    .map((row) => row.split(','))
    .filter((row) => row[at('ResourceId')] === 'unused/edges-shared/NVIDIA-L4');
  expect(unused.length).toBeGreaterThan(0);
  for (const row of unused) {
    expect(row[at('AllocatedMethodId')]).toBe('idle-weighted-node');
    // Two GPUs for a window, less at most the quarter of one that was held throughout.
    const quantity = Number(row[at('PricingQuantity')]);
    expect(quantity >= 2 * WINDOW_SECONDS - WINDOW_SECONDS / 4 && quantity < 2 * WINDOW_SECONDS).toBe(true);
  }
});

/** What a tenant holds of whole H100s, once everything before `time` is sealed. */
async function wholes(tenant: string, time: number): Promise<number> {
  return (await sealed(tenant, time)).nvidia_h100_80gb_hbm3__full ?? 0;
}

/** A pod of one whole GPU, once it is bound. */
async function running(namespace: string, name: string, run?: number): Promise<Pod> {
  await create(namespace, name, 'edges-whole', 'nvidia.com/gpu', 1, run);
  return await podWhen(namespace, `${name} is bound`, isBound);
}

it('a namespace that moves to another tenant: each pays for his time, and together they pay for all', async () => {
  const namespace = 'edges-moved';
  const bind = bindOf(await running(namespace, 'stays', 18));
  const before = Date.now();
  const moved = [gpuTenant('edges-from', ['edges-nothing']), gpuTenant('edges-to', [namespace])];
  await world.send(['apply', '--server-side', '--force-conflicts'], ...moved);
  await world.belongs(namespace, 'edges-to');
  const after = Date.now() + PASS_MS;
  const pod = await podWhen(namespace, 'the pod is done', isDone);
  const first = await wholes('edges-from', endOf(pod));
  const second = await wholes('edges-to', endOf(pod));
  expect(first).toBeGreaterThanOrEqual(Math.floor((before - bind) / 1000));
  expect(first).toBeLessThanOrEqual((after - bind) / 1000);
  expect(second).toBeGreaterThan(0);
  // Each carries what is less than a second, so that the floors may miss one.
  expect([0, 1]).toContain((endOf(pod) - bind) / 1000 - first - second);
});

it('a tenant that is deleted with usage open has paid until then, and nobody pays for the rest', async () => {
  const namespace = 'edges-gone';
  const bind = bindOf(await running(namespace, 'open', 18));
  const before = Date.now();
  await world.cluster.kubectl(['delete', 'tenant', 'edges-gone']);
  await world.belongs(namespace, undefined);
  const after = Date.now() + PASS_MS;
  const pod = await podWhen(namespace, 'the pod is done', isDone);
  const paid = await wholes('edges-gone', endOf(pod));
  expect(paid).toBeGreaterThanOrEqual(Math.floor((before - bind) / 1000));
  expect(paid).toBeLessThanOrEqual((after - bind) / 1000);
  const rest = (endOf(pod) - bind) / 1000 - paid - (await wholes('_unassigned', endOf(pod)));
  expect([0, 1]).toContain(rest);
});
