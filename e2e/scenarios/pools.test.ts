import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GPUPool, Tenant } from '../../operator/api/index.ts';
import type { Namespace, Node, Pod } from '../../operator/kube/index.ts';
import { gpuNode, gpuPod, gpuPool, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const SPACE = 'pools-acme';
const sliced = { 'nvidia.com/gpu': '2', 'nvidia.com/mig-1g.10gb': '7', 'nvidia.com/mig-3g.40gb': '2' };
const shared = {
  'nvidia.com/gpu.replicas': '4',
  'nvidia.com/gpu.sharing-strategy': 'time-slicing',
  'nvidia.com/gpu.count': '2',
};
const nodes = [
  gpuNode('pools', 'pools-whole', { 'nvidia.com/gpu': '8' }, { kind: 'whole' }),
  gpuNode('pools', 'pools-mig', sliced, {
    kind: 'mig',
    'nvidia.com/gpu.count': '4',
    'nvidia.com/mig.strategy': 'mixed',
  }),
  gpuNode('pools', 'pools-shared', { 'nvidia.com/gpu.shared': '8' }, { kind: 'shared', ...shared }),
];
const select = (kind: string) => ({ 'gpuoptimizer.io/scenario': 'pools', kind });

let world: GpuWorld;

beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(...nodes);
  await world.send(
    ['apply', '--server-side'],
    gpuPool('pools-whole', select('whole'), { type: 'Exclusive' }),
    gpuPool('pools-mig', select('mig'), { type: 'MIG' }),
    gpuPool('pools-shared', select('shared'), { type: 'TimeSlicing', timeSlicing: { replicas: 2 } }),
    gpuTenant('pools-acme', ['pools-a*']),
    namespaceNamed(SPACE),
    namespaceNamed('pools-other'),
  );
  await world.operator.start();
  await eventually('the namespace is managed', async () =>
    (await labels(SPACE))['gpuoptimizer.io/managed'] === 'true' ? true : undefined,
  );
});

afterAll(async () => {
  await world?.end({
    namespaces: [SPACE, 'pools-other'],
    objects: [
      ...['whole', 'mig', 'shared', 'late'].map((name) => `gpupool/pools-${name}`),
      ...['tenant/pools-acme', 'tenant/pools-late'],
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

async function labels(namespace: string): Promise<Readonly<Record<string, string>>> {
  return (await world.get<Namespace>('namespace', namespace)).metadata.labels ?? {};
}

async function poolWith(name: string, wanted: (pool: GPUPool) => boolean): Promise<GPUPool> {
  return eventually(`pool ${name} reports it`, async () => {
    const pool = await world.get<GPUPool>(`gpupool/${name}`);
    return wanted(pool) ? pool : undefined;
  });
}

function reason(object: GPUPool | Tenant, type: string): string | undefined {
  return object.status?.conditions?.find((condition) => condition.type === type)?.reason;
}

describe('GPUPool', () => {
  it('counts whole GPUs and what pods hold', async () => {
    await world.send(['create'], gpuPod(SPACE, 'three', gpuSpec(3, { nodeSelector: select('whole') })));
    const { status } = await poolWith('pools-whole', (pool) => pool.status?.allocated?.milli === 3000);
    expect(status).toMatchObject({
      world: 'Bare',
      capacity: { nodes: 1, gpus: 8 },
      allocated: { gpus: 3, milli: 3000 },
      models: [{ model: 'NVIDIA-H100-80GB-HBM3', gpus: 8, allocatedMilli: 3000, freeMilli: 5000 }],
      resources: [{ name: 'nvidia.com/gpu', capacity: 8, allocated: 3, free: 5 }],
    });
  });

  it('counts MIG devices by slice', async () => {
    const limits = { 'nvidia.com/mig-3g.40gb': '1' };
    const spec = { containers: [{ name: 'main', image: 'pause', resources: { limits } }] };
    await world.send(['create'], gpuPod(SPACE, 'slice', spec));
    const pool = await poolWith('pools-mig', ({ status }) => status?.allocated?.milli === 500);
    expect(pool.status?.capacity).toEqual({ nodes: 1, gpus: 4 });
    expect(reason(pool, 'SharingInSync')).toBe('NodesMatch');
  });

  it('says where nodes do not share as the spec expects', async () => {
    const pool = await poolWith('pools-shared', ({ status }) => status?.conditions !== undefined);
    expect(pool.status?.capacity).toEqual({ nodes: 1, gpus: 2 });
    expect(reason(pool, 'Ready')).toBe('NodesCounted');
    expect(reason(pool, 'SharingInSync')).toBe('NodesDiffer');
  });

  it('says when a node must not get pods, and when it may again', async () => {
    await world.cluster.kubectl(['cordon', 'pools-whole']);
    const cordoned = await poolWith('pools-whole', (pool) => reason(pool, 'NodesHealthy') === 'NodesUnhealthy');
    expect(cordoned.status?.unhealthy).toEqual({ nodes: 1, gpus: 8 });
    await world.cluster.kubectl(['uncordon', 'pools-whole']);
    await poolWith('pools-whole', (pool) => reason(pool, 'NodesHealthy') === 'AllHealthy');
  });

  it('leaves a node to the older pool', async () => {
    await world.send(['apply', '--server-side'], gpuPool('pools-late', { 'gpuoptimizer.io/scenario': 'pools' }));
    const late = await poolWith('pools-late', (pool) => reason(pool, 'NodesExclusive') === 'NodeConflict');
    expect(late.status?.capacity).toEqual({ nodes: 0, gpus: 0 });
    await world.cluster.kubectl(['delete', 'gpupool', 'pools-late']);
  });

  it('refuses a selector that would take every node', async () => {
    const all = { ...gpuPool('pools-all', {}), spec: { nodes: { selector: {} } } };
    const answer = await world.cluster.tryKubectl(['create', '-f', '-'], { input: JSON.stringify(all) });
    expect(answer.code).not.toBe(0);
    expect(answer.stderr).toContain('selector must have at least one entry');
  });

  it('can be deleted with pods running, and nothing that runs breaks', async () => {
    const before = await world.get<Pod>('pod', 'three', '-n', SPACE);
    await world.cluster.kubectl(['delete', 'gpupool', 'pools-whole', '--timeout=20s']);
    await world.send(['create'], gpuPod(SPACE, 'after', gpuSpec(1, { nodeSelector: select('whole') })));
    const waits = await eventually('a new pod waits, because the nodes are in no pool', async () => {
      const pod = await world.get<Pod>('pod', 'after', '-n', SPACE);
      return pod.status?.conditions?.find(({ type }) => type === 'gpuoptimizer.io/Planned');
    });
    expect(waits.status).toBe('False');
    const after = await world.get<Pod>('pod', 'three', '-n', SPACE);
    expect([after.metadata.uid, after.status?.phase]).toEqual([before.metadata.uid, 'Running']);
    expect((await world.get<Node>('node', 'pools-whole')).spec?.taints ?? []).toEqual([]);
    await world.send(['apply', '--server-side'], gpuPool('pools-whole', select('whole')));
    await poolWith('pools-whole', (pool) => pool.status?.allocated?.milli === 4000);
  });
});

describe('Tenant', () => {
  it('labels its namespaces, and counts what they hold', async () => {
    expect(await labels(SPACE)).toMatchObject({
      'gpuoptimizer.io/tenant': 'pools-acme',
      'gpuoptimizer.io/managed': 'true',
    });
    expect(await labels('pools-other')).not.toHaveProperty(['gpuoptimizer.io/tenant']);
    const tenant = await eventually('the numbers are there', async () => {
      const found = await world.get<Tenant>('tenant/pools-acme');
      return (found.status?.allocated?.milli ?? 0) >= 3500 ? found : undefined;
    });
    expect(tenant.status).toMatchObject({ namespaceCount: 1, namespaces: [SPACE] });
  });

  it('takes its labels along when it goes', async () => {
    await world.send(['apply', '--server-side'], gpuTenant('pools-late', ['pools-other']));
    await eventually('it is labelled', async () =>
      (await labels('pools-other'))['gpuoptimizer.io/tenant'] === 'pools-late' ? true : undefined,
    );
    await world.cluster.kubectl(['delete', 'tenant', 'pools-late', '--timeout=20s']);
    expect(await labels('pools-other')).not.toHaveProperty(['gpuoptimizer.io/tenant']);
    expect(await labels('pools-other')).not.toHaveProperty(['gpuoptimizer.io/managed']);
  });
});
