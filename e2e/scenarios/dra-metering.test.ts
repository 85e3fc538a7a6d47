import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { GPUPool } from '../../operator/api/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { DraPeer } from '../peers/dra-driver/driver.ts';
import type { DraNodeSpec } from '../peers/dra-driver/slices.ts';
import { claimSpec, draNode } from './dra/objects.ts';
import { gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import { LedgerOperator } from './ledger/operator.ts';
import { isBound, isDone, lastEnd, podSeconds } from './ledger/truth.ts';

/** Claims of two tenants: what is billed equals what the API server's own times give, by hand. */

const TENANTS = ['dra-meter-acme', 'dra-meter-globex'] as const;
const [ACME, GLOBEX] = TENANTS;
const WINDOW_SECONDS = 2;
const nodes: readonly DraNodeSpec[] = [
  { node: 'dra-meter-a', mode: 'dynamic', gpus: 2 },
  { node: 'dra-meter-b', mode: 'full', gpus: 2 },
];
const FULL = 'gpu_seconds__nvidia_h100_80gb_hbm3__full';
const mig = (profile: string): string => `gpu_seconds__nvidia_h100_80gb_hbm3__${profile}`;

let world: GpuWorld;
let operator: LedgerOperator;
let peer: DraPeer;

function draPool(name: string, allocator: 'GPUOptimizer' | 'Scheduler'): GPUPool {
  return gpuPool(name, { 'gpuoptimizer.io/scenario': name }, { type: 'DRA', dra: { allocator } });
}

beforeAll(async () => {
  world = await gpuWorld();
  operator = new LedgerOperator(world.cluster.kubeconfig, WINDOW_SECONDS);
  await world.addNodes(draNode('dra-meter-a', 'dra-meter-a'), draNode('dra-meter-b', 'dra-meter-b'));
  const { kubeconfig } = world.cluster;
  peer = await DraPeer.start({ kubeconfig, nodes, extendedResource: 'nvidia.com/gpu' });
  await world.send(
    ['apply', '--server-side'],
    draPool('dra-meter-a', 'GPUOptimizer'),
    draPool('dra-meter-b', 'Scheduler'),
    ...TENANTS.map((name) => gpuTenant(name, [name])),
    ...TENANTS.map((name) => namespaceNamed(name, { 'resource.kubernetes.io/admin-access': 'true' })),
  );
  await operator.start();
  await eventually('the templates of the shapes are there', async () => {
    const names = await world.cluster.kubectl(['get', 'resourceclaimtemplates', '-n', GLOBEX, '-o', 'name']);
    return names.includes('gpuopt-3g.40gb') && names.includes('gpuopt-gpu') ? true : undefined;
  });
});

afterAll(async () => {
  await peer?.stop();
  await world?.cluster.kubectl(['delete', 'resourceclaim', 'admin', '-n', ACME, '--ignore-not-found', '--wait=false']);
  await world?.end({
    namespaces: TENANTS,
    objects: [
      ...['gpupool/dra-meter-a', 'gpupool/dra-meter-b'],
      ...TENANTS.map((name) => `tenant/${name}`),
      ...nodes.map(({ node }) => `node/${node}`),
    ],
  });
  await operator?.stop();
});

const on = (node: string) => ({ nodeSelector: { 'gpuoptimizer.io/scenario': node }, restartPolicy: 'Never' }) as const;
const plain = {
  containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10', resources: { requests: { cpu: '100m' } } }],
};

/** A pod that names a shape and no claim: the claim is added when it is made. */
function shaped(namespace: string, name: string, shape: string, seconds: number): Pod {
  const annotations = { 'gpuoptimizer.io/run-seconds': String(seconds) };
  const metadata = { labels: { 'gpuoptimizer.io/shape': shape }, annotations };
  return gpuPod(namespace, name, { ...plain, ...on('dra-meter-a') }, metadata);
}

async function meters(tenant: string, time: number): Promise<Readonly<Record<string, bigint>>> {
  const usage = await operator.sealedUsage(tenant, time + 2 * WINDOW_SECONDS * 1000);
  return Object.fromEntries(usage.meters.map(({ meter, quantity }) => [meter, BigInt(quantity)]));
}

it('gives pods the claim of their shape, and bills claims to the second though the operator is killed meanwhile', async () => {
  const annotations = { 'gpuoptimizer.io/run-seconds': '8' };
  await world.send(
    ['create'],
    shaped(ACME, 'small', '1g.10gb', 6),
    shaped(ACME, 'second', '1g.10gb', 9),
    shaped(ACME, 'large', '3g.40gb', 11),
    shaped(GLOBEX, 'small', '1g.10gb', 7),
    gpuPod(GLOBEX, 'extended', gpuSpec(1, on('dra-meter-b')), { annotations }),
  );
  const all = async (): Promise<readonly Pod[]> => [...(await world.pods(ACME)), ...(await world.pods(GLOBEX))];
  await eventually('all are bound', async () => {
    const pods = await all();
    return pods.length === 5 && pods.every(isBound) ? true : undefined;
  });
  const [first] = await world.pods(ACME);
  expect(first?.spec?.resourceClaims).toEqual([
    { name: 'gpuopt-shape', resourceClaimTemplateName: expect.stringContaining('gpuopt-') },
  ]);
  // Access for administration to a whole GPU that is in use: it holds nothing and costs nothing.
  const { devices } = claimSpec('gpu');
  const exactly = { ...devices?.requests?.[0]?.exactly, adminAccess: true, tolerations: [{ operator: 'Exists' }] };
  await world.send(['create'], {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: { namespace: ACME, name: 'admin' },
    spec: { devices: { requests: [{ name: 'gpu', exactly }] } },
  });
  await delay(2_500);
  await operator.end('SIGKILL');
  const pods = await eventually('all have ended while nobody looked', async () => {
    const found = await all();
    return found.filter(isDone).length === 5 ? found : undefined;
  });
  await operator.start();
  const seconds = (namespace: string, ...names: readonly string[]): bigint =>
    podSeconds(pods.filter(({ metadata }) => metadata.namespace === namespace && names.includes(metadata.name ?? '')));
  const end = lastEnd(pods);
  expect(await meters(ACME, end)).toEqual({
    [mig('1g_10gb')]: seconds(ACME, 'small', 'second'),
    [mig('3g_40gb')]: seconds(ACME, 'large'),
  });
  expect(await meters(GLOBEX, end)).toEqual({
    [mig('1g_10gb')]: seconds(GLOBEX, 'small'),
    [FULL]: seconds(GLOBEX, 'extended'),
  });
  expect(peer.prepared.problems).toEqual([]);
});
