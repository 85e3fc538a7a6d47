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
/** A pass of metering comes every five seconds; so late it may be on a busy machine. */
const PASS_MS = 20_000;
const A100 = { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-80GB' };
const L4 = { 'nvidia.com/gpu.product': 'NVIDIA-L4', 'nvidia.com/gpu.count': '2', 'nvidia.com/gpu.replicas': '4' };
const nodes = [
  gpuNode(SCENARIO, 'edges-whole'),
  gpuNode(SCENARIO, 'edges-mig', { 'nvidia.com/gpu': '7', 'nvidia.com/mig-1g.10gb': '7' }, A100),
  gpuNode(SCENARIO, 'edges-shared', { 'nvidia.com/gpu.shared': '8' }, L4),
];
const tenants = ['edges-mixed', 'edges-from', 'edges-to', 'edges-gone', 'edges-skew'] as const;
const namespaces = ['edges-mixed', 'edges-moved', 'edges-gone', 'edges-skew'] as const;
const owned = {
  'edges-mixed': 'edges-mixed',
  'edges-from': 'edges-moved',
  'edges-gone': 'edges-gone',
  'edges-skew': 'edges-skew',
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
    .filter((row) => row[at('ResourceId')] === 'unused/edges-shared/NVIDIA-L4')
    .map((row) => ({
      method: row[at('AllocatedMethodId')],
      start: Date.parse(row[at('ChargePeriodStart')] ?? ''),
      quantity: Number(row[at('PricingQuantity')]),
    }));
  const slots = (await world.pods('edges-mixed')).find(({ metadata }) => metadata.name === 'slots');
  if (slots === undefined) throw new Error('the pod of the shared slot is gone');
  // Two GPUs for a window, less the quarter of one while it was held.
  const left = unused.map(({ start }) => {
    const end = Math.min(endOf(slots), start + WINDOW_SECONDS * 1000);
    return 2 * WINDOW_SECONDS - (end - Math.max(bindOf(slots), start)) / 4000;
  });
  expect(unused.length).toBeGreaterThan(2);
  expect(new Set(unused.map(({ method }) => method))).toEqual(new Set(['idle-weighted-node']));
  // A node's GPUs count from when they were first seen, which may be within the first of these windows.
  const [first, ...others] = unused.map(({ quantity }) => quantity);
  expect(first).toBeGreaterThan(0);
  expect(first).toBeLessThanOrEqual(left[0] ?? Number.NaN);
  expect(others).toEqual(left.slice(1));
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

/**
 * A namespace goes over at the beginning of a window: at the first after the pass that saw the change, and a pass comes at
 * least every PASS_MS. Bind, end and windows are whole seconds, so what the two pay adds up to all of it.
 */
function expectHandover(pod: Pod, changed: { before: number; after: number }, first: number, second: number): void {
  const at = bindOf(pod) + first * 1000;
  expect(at % (WINDOW_SECONDS * 1000)).toBe(0);
  expect(at).toBeGreaterThanOrEqual(changed.before);
  expect(at).toBeLessThanOrEqual(changed.after + PASS_MS + WINDOW_SECONDS * 1000);
  expect(second).toBe((endOf(pod) - at) / 1000);
}

it('a namespace that moves, or whose tenant is deleted, goes over with a window, and together they pay for all', async () => {
  await Promise.all([running('edges-moved', 'stays', 36), running('edges-gone', 'open', 36)]);
  const before = Date.now();
  const moved = [gpuTenant('edges-from', ['edges-nothing']), gpuTenant('edges-to', ['edges-moved'])];
  await world.send(['apply', '--server-side', '--force-conflicts'], ...moved);
  await world.cluster.kubectl(['delete', 'tenant', 'edges-gone']);
  await Promise.all([world.belongs('edges-moved', 'edges-to'), world.belongs('edges-gone', undefined)]);
  const changed = { before, after: Date.now() };
  for (const [namespace, first, second] of [
    ['edges-moved', 'edges-from', 'edges-to'],
    ['edges-gone', 'edges-gone', '_unassigned'],
  ] as const) {
    const pod = await podWhen(namespace, 'the pod is done', isDone);
    expectHandover(pod, changed, await wholes(first, endOf(pod)), await wholes(second, endOf(pod)));
  }
});

/** Has a kubelet whose clock is wrong tell of a pod's end. */
async function endsBy(name: string, skew: number): Promise<void> {
  const finishedAt = new Date(Date.now() + skew).toISOString().replace(/[.].*/, 'Z');
  const terminated = { exitCode: 0, startedAt: finishedAt, finishedAt };
  const told = { name: 'main', image: '', imageID: '', ready: false, restartCount: 0, state: { terminated } };
  const body = JSON.stringify({ status: { phase: 'Succeeded', containerStatuses: [told] } });
  const patch = ['--subresource=status', '--type=merge', '-p', body];
  await world.cluster.kubectl(['patch', 'pod', name, '-n', 'edges-skew', ...patch]);
}

it('a node whose clock is an hour off: an end is not believed beyond the moment it was seen, nor before the bind', async () => {
  const namespace = 'edges-skew';
  await create(namespace, 'ahead', 'edges-whole', 'nvidia.com/gpu', 1);
  await create(namespace, 'behind', 'edges-mig', 'nvidia.com/mig-1g.10gb', 1);
  const isHere = (pods: readonly Pod[]): boolean => pods.length === 2 && pods.every(isBound);
  const pods = await podsWhen(namespace, 'both are bound', isHere);
  const bind = Math.min(...pods.filter(({ metadata }) => metadata.name === 'ahead').map(bindOf));
  const before = Date.now();
  await endsBy('ahead', 3_600_000);
  await endsBy('behind', -3_600_000);
  const { nvidia_h100_80gb_hbm3__full: held = 0, nvidia_a100_sxm4_80gb__1g_10gb: behind = 0 } = await sealed(
    'edges-skew',
    Date.now() + PASS_MS,
  );
  expect(held).toBeGreaterThanOrEqual(Math.floor((before - bind) / 1000));
  // Both ends have been seen by now, since the time after them is sealed.
  expect(held).toBeLessThanOrEqual((Date.now() - bind) / 1000);
  expect(behind).toBe(0);
});

it('the whole ledger can be recomputed from the intervals', async () => {
  const { code, stdout } = await tryCommand([gpuopt, 'usage', 'verify', '--json', '--server', operator.server]);
  expect(JSON.parse(stdout)).toMatchObject({ mismatches: [] });
  expect(code).toBe(0);
});
