import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { GPUPool, Tenant } from '../../operator/api/index.ts';
import type { Event, Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const RED = 'tenancy-red';
const BLUE = 'tenancy-blue';
const POOL = 'tenancy';
const GATE = 'gpuoptimizer.io/plan';
const HOLD = 'example.com/hold';
const node = gpuNode('tenancy', 'tenancy-a');
const MODELS = 'tenancy-models';
const A100 = 'NVIDIA-A100-SXM4-80GB';
/** A node of each of two models, for a pool of their own. */
const mixed = [
  gpuNode(MODELS, 'tenancy-h100'),
  gpuNode(MODELS, 'tenancy-a100', undefined, { 'nvidia.com/gpu.product': A100 }),
];

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(node, ...mixed);
  await world.send(['apply', '--server-side'], namespaceNamed(RED), namespaceNamed(BLUE), tenant(RED), tenant(BLUE));
  await world.operator.start();
  await eventually('the gate is in force', async () => {
    const probe = gpuPod(RED, 'probe', gpuSpec(1));
    const answer = await world.cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], {
      input: JSON.stringify(probe),
    });
    return (JSON.parse(answer) as Pod).spec?.schedulingGates?.length === 1 ? true : undefined;
  });
});

afterAll(async () => {
  await world?.end({
    namespaces: [RED, BLUE],
    objects: [
      ...[`gpupool/${POOL}`, `tenant/${RED}`, `tenant/${BLUE}`],
      ...[node, ...mixed].map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

beforeEach(async () => {
  const { kubectl } = world.cluster;
  for (const namespace of [RED, BLUE]) {
    for (const { metadata } of await world.pods(namespace)) await freed(namespace, metadata.name ?? '');
    await kubectl(['delete', 'pods,pdb', '--all', '-n', namespace, '--grace-period=0', '--force', '--wait=false']);
    await eventually(`${namespace} is empty`, async () =>
      (await world.pods(namespace)).length === 0 ? true : undefined,
    );
  }
  await kubectl(['delete', 'gpupool', POOL, '--ignore-not-found']);
  await send(tenant(RED), tenant(BLUE));
});

type Quota = Omit<NonNullable<Tenant['spec']['quotas']>[number], 'pool'>;

/** A tenant with one quota in the pool. */
function tenant(name: string, quota: Quota = {}, more: Partial<Tenant['spec']> = {}): Tenant {
  const plain = gpuTenant(name, [name], [{ pool: POOL, ...quota }]);
  return { ...plain, spec: { ...plain.spec, ...more } };
}

function pool(spec: Partial<GPUPool['spec']> = {}): GPUPool {
  const plain = gpuPool(POOL, { 'gpuoptimizer.io/scenario': 'tenancy' });
  return { ...plain, spec: { ...plain.spec, ...spec } };
}

async function send(...objects: readonly object[]): Promise<void> {
  await world.send(['apply', '--server-side', '--force-conflicts'], ...objects);
}

/** A pod of a tenant on the scenario's node. */
function pod(namespace: string, name: string, gpus = 1, metadata: Pod['metadata'] = {}): Pod {
  return gpuPod(namespace, name, gpuSpec(gpus, { nodeSelector: { 'gpuoptimizer.io/scenario': 'tenancy' } }), metadata);
}

function pods(namespace: string, count: number, metadata: Pod['metadata'] = {}): readonly Pod[] {
  return Array.from({ length: count }, (_, at) => pod(namespace, `p${at}`, 1, metadata));
}

async function placed(namespace: string): Promise<readonly Pod[]> {
  return (await world.pods(namespace)).filter(
    ({ spec, metadata }) => spec?.nodeName !== undefined && metadata.deletionTimestamp === undefined,
  );
}

async function settled(red: number, blue: number): Promise<void> {
  let last = '';
  await eventually(`red holds ${red} and blue ${blue}`, async () => {
    const counts = [(await placed(RED)).length, (await placed(BLUE)).length];
    last = counts.join();
    return last === `${red},${blue}` ? true : undefined;
  }).catch((error: unknown) => {
    throw new Error(`red and blue hold ${last}`, { cause: error });
  });
}

async function bound(namespace: string, name: string, patienceMs?: number): Promise<Pod> {
  const ask = async (): Promise<Pod | undefined> => {
    const found = await world.get<Pod>('pod', name, '-n', namespace);
    return found.spec?.nodeName === undefined ? undefined : found;
  };
  return eventually(`pod ${namespace}/${name} is bound`, ask, patienceMs);
}

async function waits(namespace: string, name: string, reason: string): Promise<string> {
  return eventually(`pod ${namespace}/${name} waits for ${reason}`, async () => {
    const found = await world.get<Pod>('pod', name, '-n', namespace);
    const condition = found.status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned');
    return condition?.reason === reason ? (condition.message ?? '') : undefined;
  });
}

async function events(namespace: string, reason: string): Promise<readonly Event[]> {
  return eventually(`there is an event ${reason} in ${namespace}`, async () => {
    const { items } = await world.get<{ readonly items: readonly Event[] }>('events.events.k8s.io', '-n', namespace);
    const found = items.filter((event) => event.reason === reason);
    return found.length === 0 ? undefined : found;
  });
}

/** Takes our finalizer for tests off a pod. */
async function freed(namespace: string, name: string): Promise<void> {
  const found = await world.cluster.tryKubectl(['get', 'pod', name, '-n', namespace, '-o', 'json']);
  if (found.code !== 0) return;
  const at = (JSON.parse(found.stdout) as Pod).metadata.finalizers?.indexOf(HOLD) ?? -1;
  if (at < 0) return;
  const patch = [{ op: 'remove', path: `/metadata/finalizers/${at}` }];
  await world.cluster.tryKubectl(['patch', 'pod', name, '-n', namespace, '--type=json', '-p', JSON.stringify(patch)]);
}

describe('tenants that share a pool', () => {
  it('get what their weights say', async () => {
    await send(tenant(RED, { weight: 3 }), tenant(BLUE));
    await world.send(['create'], ...pods(RED, 8), ...pods(BLUE, 8));
    await waits(RED, 'p7', 'Policy');
    await waits(BLUE, 'p7', 'Policy');
    await send(pool());
    await settled(6, 2);
    await waits(BLUE, 'p7', 'Capacity');
    const known = await eventually('the tenant says what it used', async () => {
      const found = await world.get<Tenant>('tenant', RED);
      return found.status?.shares?.length === 1 ? found : undefined;
    });
    expect(known.status?.shares?.[0]).toMatchObject({ pool: POOL });
  });

  it('borrow what others leave idle, and give it back', async () => {
    await send(tenant(BLUE, { guaranteed: 4 }), pool());
    await world.send(['create'], ...pods(RED, 8));
    await settled(8, 0);
    await world.send(['create'], pod(BLUE, 'needs', 3));
    await bound(BLUE, 'needs');
    await settled(5, 1);
    const [evicted] = await events(RED, 'GPUPreempted');
    expect(evicted?.note).toContain(`for ${BLUE}/needs of tenant ${BLUE}`);
    const [preempting] = await events(BLUE, 'GPUPreempting');
    expect(preempting?.note).toContain(`${RED}/p`);
    await world.send(['create'], pod(BLUE, 'more', 2));
    await waits(BLUE, 'more', 'Capacity');
    await settled(5, 1);
  });

  it('lend nothing where the pool says None, and evict nobody where it says Never', async () => {
    await send(tenant(RED, { guaranteed: 2 }), pool({ tenancy: { borrowing: 'None' } }));
    await world.send(['create'], ...pods(RED, 3));
    await settled(2, 0);
    const waiting = (await world.pods(RED)).find(({ spec }) => spec?.nodeName === undefined);
    expect(await waits(RED, waiting?.metadata.name ?? '', 'Quota')).toContain('may not borrow');
    await send(tenant(BLUE, { guaranteed: 8 }), pool({ scheduling: { preemption: 'Never' } }));
    await settled(3, 0);
    await world.send(['create'], pod(BLUE, 'needs', 6));
    await waits(BLUE, 'needs', 'Capacity');
    await settled(3, 0);
  });

  it('shrink their guarantees in proportion while the pool promises more than it has', async () => {
    await send(tenant(RED, { guaranteed: 12 }), tenant(BLUE, { guaranteed: 4 }), pool());
    // The tenants are applied one after the other, so a pass may see only the first of them.
    const condition = await eventually('the pool says so of both', async () => {
      const found = (await world.get<GPUPool>('gpupool', POOL)).status?.conditions;
      const said = '16 GPUs are guaranteed to tenants and the pool has 8';
      return found?.find(({ type, message }) => type === 'QuotaFeasible' && message.includes(said));
    });
    expect(condition).toMatchObject({ status: 'False', reason: 'GuaranteesShrunk' });
  });
});

describe('eviction', () => {
  it('spares what a PodDisruptionBudget keeps and takes another', async () => {
    await send(tenant(BLUE, { guaranteed: 4 }), pool());
    await world.send(['create'], {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'keep', namespace: RED },
      spec: { minAvailable: 6, selector: { matchLabels: { keep: 'yes' } } },
    });
    const kept = pods(RED, 6, { labels: { keep: 'yes' } });
    await world.send(['create'], ...kept, pod(RED, 'free-a'), pod(RED, 'free-b'));
    await settled(8, 0);
    await world.send(['create'], pod(BLUE, 'needs', 2));
    await bound(BLUE, 'needs');
    const left = (await placed(RED)).map(({ metadata }) => metadata.name).sort();
    expect(left).toEqual(kept.map(({ metadata }) => metadata.name));
    await world.send(['create'], pod(BLUE, 'more', 2));
    await waits(BLUE, 'more', 'Capacity');
    await settled(6, 1);
  });

  it('holds the freed room for whom it was made, though the leader is killed before the victims are gone', async () => {
    await send(tenant(BLUE, { guaranteed: 8 }), pool());
    await world.send(['create'], ...pods(RED, 8, { finalizers: [HOLD] }));
    await settled(8, 0);
    await world.send(['create'], pod(BLUE, 'needs', 4));
    const victims = await eventually('four pods are on their way', async () => {
      const found = (await world.pods(RED)).filter(({ metadata }) => metadata.deletionTimestamp !== undefined);
      return found.length === 4 ? found : undefined;
    });
    const nominated = await world.get<Pod>('pod', 'needs', '-n', BLUE);
    expect(nominated.status?.nominatedNodeName).toBe(node.metadata.name);
    await world.operator.kill();
    await world.send(['create'], pod(RED, 'thief-a'), pod(RED, 'thief-b'));
    await freed(RED, victims[0]?.metadata.name ?? '');
    await world.operator.start();
    await waits(RED, 'thief-a', 'Capacity');
    for (const { metadata } of victims) await freed(RED, metadata.name ?? '');
    await bound(BLUE, 'needs');
    expect((await placed(RED)).map(({ metadata }) => metadata.name)).not.toContain('thief-a');
    await settled(4, 1);
    expect((await world.pods(RED)).filter(({ metadata }) => metadata.labels?.[GATE] !== undefined).length).toBe(4);
  });
});

describe('time', () => {
  it('a tenant whose GPU-hours are spent starts nothing new, and goes on with what runs', async () => {
    await send(pool());
    await world.send(['create'], pod(RED, 'first'));
    await bound(RED, 'first');
    await send(tenant(RED, {}, { gpuHours: { limit: 0, period: 'Day' } }));
    await eventually('metering says that the budget is spent', async () => {
      const found = await world.get<Tenant>('tenant', RED);
      return found.status?.freezes?.length === 1 ? true : undefined;
    });
    await world.send(['create'], pod(RED, 'second'));
    expect(await waits(RED, 'second', 'Budget')).toContain('of the 0 that spec.gpuHours allows');
    await settled(1, 0);
    await send(tenant(RED, {}, { gpuHours: { limit: 100_000, period: 'Day' } }));
    await bound(RED, 'second');
  });

  it('a reservation keeps out what does not end in time, and has its GPUs at its start', async () => {
    const startTime = `${new Date(Date.now() + 60_000).toISOString().slice(0, 19)}Z`;
    const book = (backfill: 'Ending' | 'Preemptible') =>
      pool({ reservations: [{ name: 'training', tenant: BLUE, gpus: 8, startTime, durationSeconds: 600, backfill }] });
    await send(book('Ending'));
    await world.send(
      ['create'],
      pod(RED, 'unknown'),
      pod(RED, 'short', 1, { annotations: { 'gpuoptimizer.io/expected-duration': '5s' } }),
    );
    await bound(RED, 'short');
    expect(await waits(RED, 'unknown', 'Reservation')).toContain('keeps 8 GPUs for tenant tenancy-blue');
    const why = await tryCommand([gpuopt, 'why', 'unknown', '-n', RED, '--kubeconfig', world.cluster.kubeconfig]);
    expect(why.stdout + why.stderr).toContain('Waiting for Reservation');
    await send(book('Preemptible'));
    await bound(RED, 'unknown');
    await world.send(['create'], pod(BLUE, 'training', 8));
    await waits(BLUE, 'training', 'Capacity');
    await bound(BLUE, 'training', 150_000);
    expect(await placed(RED)).toEqual([]);
  });

  it('a reservation of a model keeps GPUs of that model, and no others', async () => {
    const startTime = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`;
    const book = (model: string): GPUPool => {
      const reservations = [{ name: 'training', tenant: BLUE, gpus: 8, model, startTime, durationSeconds: 3600 }];
      return pool({ nodes: { selector: { matchLabels: { 'gpuoptimizer.io/scenario': MODELS } } }, reservations });
    };
    const says = async (reason: string): Promise<GPUPool> =>
      eventually(`the pool says ${reason}`, async () => {
        const found = await world.get<GPUPool>('gpupool', POOL);
        const said = found.status?.conditions?.find(({ type }) => type === 'ReservationsValid')?.reason;
        return said === reason ? found : undefined;
      });
    await send(book('NVIDIA-B200'));
    await says('ReservationsExceedPool');
    await send(book(A100));
    const { status } = await says('ReservationsReadable');
    expect(status?.models?.map(({ model, reservedGpus }) => [model, reservedGpus])).toEqual([
      [A100, 8],
      ['NVIDIA-H100-80GB-HBM3', undefined],
    ]);
    const asks = (namespace: string, name: string, gpus: number, labels: Record<string, string> = {}): Pod =>
      gpuPod(namespace, name, gpuSpec(gpus, { nodeSelector: { 'gpuoptimizer.io/scenario': MODELS, ...labels } }));
    await world.send(['create'], asks(RED, 'any', 8), asks(RED, 'kept', 1, { 'nvidia.com/gpu.product': A100 }));
    expect((await bound(RED, 'any')).spec?.nodeName).toBe('tenancy-h100');
    expect(await waits(RED, 'kept', 'Reservation')).toContain(`keeps 8 GPUs of ${A100} for tenant ${BLUE}`);
    await world.send(['create'], asks(BLUE, 'training', 8));
    expect((await bound(BLUE, 'training')).spec?.nodeName).toBe('tenancy-a100');
  });
});
