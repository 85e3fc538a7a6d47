import { describe, expect, it } from 'vitest';
import { type GPUPool, type GPUPoolStatus, kinds, type Tenant } from '../api/index.ts';
import { Namespace, Node, Pod } from '../kube/index.ts';
import { createRegistry } from '../observability/index.ts';
import { runRow, type Thing, thing } from '../runtime/testing/index.ts';
import { gpuPoolController } from './pool/controller.ts';
import { createPoolMetrics } from './pool/metrics.ts';
import { tenantController } from './tenancy/controller.ts';
import { createInstalledProbe } from './world.ts';

const NOW = new Date('2027-01-10T08:00:00Z');
const h100 = 'NVIDIA-H100-80GB-HBM3';

interface NodeOptions {
  readonly labels?: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string>>;
  readonly allocatable?: Readonly<Record<string, string>>;
  readonly cordoned?: boolean;
  readonly ready?: string;
}

function node(name: string, options: NodeOptions = {}): Thing {
  const capacity = options.capacity ?? { 'nvidia.com/gpu': '8' };
  return thing(Node, {
    metadata: { name, uid: name, labels: { pool: 'a', 'nvidia.com/gpu.product': h100, ...options.labels } },
    spec: { unschedulable: options.cordoned },
    status: {
      capacity,
      allocatable: options.allocatable ?? capacity,
      conditions: [{ type: 'Ready', status: options.ready ?? 'True' }],
    },
  });
}

function pod(
  name: string,
  on: string,
  devices: Readonly<Record<string, string>>,
  phase = 'Running',
  namespace = 'acme',
): Thing {
  return thing(Pod, {
    metadata: { name, namespace, uid: name },
    spec: { nodeName: on, containers: [{ name: 'main', resources: { limits: devices } }] },
    status: { phase },
  });
}

function pool(name: string, spec: Partial<GPUPool['spec']> = {}, created = '2027-01-01T00:00:00Z'): Thing {
  return thing(kinds.GPUPool, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name, uid: name, generation: 1, creationTimestamp: created },
    spec: { nodes: { selector: { matchLabels: { pool: 'a' } } }, ...spec },
  });
}

async function poolPass(world: readonly Thing[], name = 'main') {
  const clock = { monotonic: () => 0 };
  const make = () => gpuPoolController(createInstalledProbe(clock), createPoolMetrics(createRegistry()));
  const output = await runRow(make, { world, key: { name }, now: NOW });
  expect(output.result.result).toBe('requeue_after');
  return output;
}

interface PoolRow {
  readonly name: string;
  readonly world: readonly Thing[];
  readonly status: Partial<GPUPoolStatus>;
  /** Conditions other than `True`, or with a reason worth naming. */
  readonly conditions?: Readonly<Record<string, string>>;
}

const settled = {
  Ready: 'NodesCounted',
  NodesExclusive: 'NoConflict',
  SharingInSync: 'NothingExpected',
  NodesHealthy: 'AllHealthy',
  WorldSupported: 'OneWorld',
  SharingConfigurable: 'NothingToConfigure',
  Reconfigured: 'NothingPending',
  QuotaFeasible: 'GuaranteesFit',
};
const slices = { 'nvidia.com/gpu': '2', 'nvidia.com/mig-1g.10gb': '7', 'nvidia.com/mig-3g.40gb': '2' };

const poolRows: readonly PoolRow[] = [
  {
    name: 'whole GPUs: bound pods count, finished and unbound ones do not',
    world: [
      node('n1'),
      node('n2'),
      node('other', { labels: { pool: 'b' } }),
      pool('main'),
      pod('p', 'n1', { 'nvidia.com/gpu': '3' }),
      pod('done', 'n1', { 'nvidia.com/gpu': '4' }, 'Succeeded'),
      pod('unbound', '', { 'nvidia.com/gpu': '4' }, 'Pending'),
    ],
    status: {
      world: 'Bare',
      capacity: { nodes: 2, gpus: 16 },
      allocated: { gpus: 3, milli: 3000 },
      unhealthy: { nodes: 0, gpus: 0 },
      models: [{ model: h100, nodes: 2, gpus: 16, allocatedMilli: 3000, freeMilli: 13_000, unhealthyGpus: 0 }],
      resources: [{ name: 'nvidia.com/gpu', capacity: 16, allocated: 3, free: 13 }],
    },
  },
  {
    name: 'MIG mixed: two whole GPUs, one of seven slices, one of two halves',
    world: [
      node('n1', { capacity: slices, labels: { 'nvidia.com/gpu.count': '4', 'nvidia.com/mig.strategy': 'mixed' } }),
      pool('main', { sharing: { type: 'MIG' } }),
      pod('p', 'n1', { 'nvidia.com/mig-3g.40gb': '1' }),
      pod('q', 'n1', { 'nvidia.com/mig-1g.10gb': '2' }),
    ],
    status: {
      capacity: { nodes: 1, gpus: 4 },
      allocated: { gpus: 1, milli: 784 },
      resources: [
        { name: 'nvidia.com/gpu', capacity: 2, allocated: 0, free: 2 },
        { name: 'nvidia.com/mig-1g.10gb', capacity: 7, allocated: 2, free: 5 },
        { name: 'nvidia.com/mig-3g.40gb', capacity: 2, allocated: 1, free: 1 },
      ],
    },
    conditions: { ...settled, SharingInSync: 'NodesMatch' },
  },
  {
    name: 'MIG single: nvidia.com/gpu are slices, and the model loses its suffix',
    world: [
      node('n1', {
        capacity: { 'nvidia.com/gpu': '14' },
        labels: { 'nvidia.com/gpu.product': `${h100}-MIG-1g.10gb`, 'nvidia.com/gpu.count': '14' },
      }),
      pool('main'),
      pod('p', 'n1', { 'nvidia.com/gpu': '1' }),
    ],
    status: {
      capacity: { nodes: 1, gpus: 2 },
      allocated: { gpus: 1, milli: 142 },
      models: [{ model: h100, nodes: 1, gpus: 2, allocatedMilli: 142, freeMilli: 1846, unhealthyGpus: 0 }],
    },
  },
  {
    name: 'time-slicing, renamed',
    world: [
      node('n1', {
        capacity: { 'nvidia.com/gpu.shared': '8' },
        labels: {
          'nvidia.com/gpu.count': '2',
          'nvidia.com/gpu.replicas': '4',
          'nvidia.com/gpu.sharing-strategy': 'time-slicing',
        },
      }),
      pool('main', { sharing: { type: 'TimeSlicing', timeSlicing: { replicas: 4 } } }),
      pod('p', 'n1', { 'nvidia.com/gpu.shared': '3' }),
    ],
    status: { capacity: { nodes: 1, gpus: 2 }, allocated: { gpus: 1, milli: 750 } },
    conditions: { ...settled, SharingInSync: 'NodesMatch' },
  },
  {
    name: 'time-slicing, not renamed, where the spec expects exclusive GPUs',
    world: [
      node('n1', {
        capacity: { 'nvidia.com/gpu': '8' },
        labels: {
          'nvidia.com/gpu.product': `${h100}-SHARED`,
          'nvidia.com/gpu.count': '2',
          'nvidia.com/gpu.replicas': '4',
        },
      }),
      pool('main', { sharing: { type: 'Exclusive' } }),
    ],
    status: { capacity: { nodes: 1, gpus: 2 }, allocated: { gpus: 0, milli: 0 } },
    conditions: { ...settled, SharingInSync: 'NodesDiffer' },
  },
  {
    name: 'unhealthy: cordoned, not ready, upgrading, and a GPU that the device plugin withdrew',
    world: [
      node('n1', { cordoned: true }),
      node('n2', { ready: 'Unknown' }),
      node('n3', { labels: { 'nvidia.com/gpu-driver-upgrade-state': 'upgrade-required' } }),
      node('n4', { allocatable: { 'nvidia.com/gpu': '7' } }),
      pool('main'),
    ],
    status: { capacity: { nodes: 4, gpus: 32 }, unhealthy: { nodes: 3, gpus: 25 } },
    conditions: { ...settled, NodesHealthy: 'NodesUnhealthy' },
  },
  {
    name: 'while the device plugin restarts: nothing is offered, and what pods hold is still held',
    world: [
      node('n1', { allocatable: { 'nvidia.com/gpu': '0' } }),
      node('n2', { capacity: { 'nvidia.com/gpu': '0' } }),
      pool('main'),
      pod('p', 'n1', { 'nvidia.com/gpu': '3' }),
      pod('q', 'n2', { 'nvidia.com/gpu': '2' }),
    ],
    status: {
      allocated: { gpus: 5, milli: 5000 },
      resources: [{ name: 'nvidia.com/gpu', capacity: 0, allocated: 5, free: 0 }],
    },
  },
  {
    name: 'MIG single under time-slicing: a device is a part of a slice',
    world: [
      node('n1', {
        capacity: { 'nvidia.com/gpu': '28' },
        labels: { 'nvidia.com/gpu.product': `${h100}-MIG-1g.10gb-SHARED`, 'nvidia.com/gpu.replicas': '4' },
      }),
      pool('main'),
      pod('p', 'n1', { 'nvidia.com/gpu': '2' }),
    ],
    status: { capacity: { nodes: 1, gpus: 1 }, allocated: { gpus: 1, milli: 70 } },
  },
  {
    name: 'MIG mixed under time-slicing: each resource has its own replicas, and may be renamed',
    world: [
      node('n1', {
        capacity: { 'nvidia.com/gpu': '0', 'nvidia.com/mig-1g.10gb.shared': '14' },
        labels: { 'nvidia.com/gpu.count': '1', 'nvidia.com/mig-1g.10gb.replicas': '2' },
      }),
      pool('main'),
      pod('p', 'n1', { 'nvidia.com/mig-1g.10gb.shared': '1' }),
    ],
    status: {
      capacity: { nodes: 1, gpus: 1 },
      allocated: { gpus: 1, milli: 71 },
      resources: [{ name: 'nvidia.com/mig-1g.10gb.shared', capacity: 14, allocated: 1, free: 13 }],
    },
  },
  {
    name: 'a finished driver upgrade is no ailment',
    world: [node('n1', { labels: { 'nvidia.com/gpu-driver-upgrade-state': 'upgrade-done' } }), pool('main')],
    status: { unhealthy: { nodes: 0, gpus: 0 } },
  },
  {
    name: 'the older pool keeps a node that both select',
    world: [node('n1'), pool('main'), pool('older', {}, '2026-01-01T00:00:00Z')],
    status: { capacity: { nodes: 0, gpus: 0 } },
    conditions: { ...settled, Ready: 'NoNodeSelected', NodesExclusive: 'NodeConflict' },
  },
  {
    name: 'no node: in force, and said',
    world: [pool('main')],
    status: { capacity: { nodes: 0, gpus: 0 }, models: [], resources: [] },
    conditions: { ...settled, Ready: 'NoNodeSelected' },
  },
  {
    name: 'a ClusterPolicy makes it the world of the device plugin',
    world: [node('n1'), pool('main'), nvidia('clusterpolicies', 'ClusterPolicy', 'v1', 'cluster-policy')],
    status: { world: 'DevicePlugin' },
  },
  {
    name: 'a GPUCluster makes it the world of DRA',
    world: [node('n1'), pool('main'), nvidia('gpuclusters', 'GPUCluster', 'v1alpha1', 'gpu-cluster')],
    status: { world: 'DRA' },
  },
  {
    name: 'a ClusterPolicy under another name is told by the labels of its nodes',
    world: [node('n1', { labels: { 'nvidia.com/gpu.deploy.device-plugin': 'true' } }), pool('main')],
    status: { world: 'DevicePlugin' },
  },
];

function nvidia(plural: string, kind: string, version: string, name: string): Thing {
  return { kind: { group: 'nvidia.com', version, kind, plural, scope: 'Cluster' }, object: { metadata: { name } } };
}

describe('GPUPool', () => {
  it.each(poolRows)('$name', async ({ world, status, conditions = settled }) => {
    const output = await poolPass(world);
    expect(output.status).toMatchObject(status);
    expect(reasons(output.status)).toEqual(conditions);
  });

  it('records one event on a pool that loses a node to an older one', async () => {
    const { events } = await poolPass([node('n1'), pool('main'), pool('older', {}, '2026-01-01T00:00:00Z')]);
    expect(events.map(({ reason }) => reason)).toEqual(['GPUPoolNodeConflict']);
  });
});

function reasons(status: unknown): Record<string, string> {
  const { conditions = [] } = status as GPUPoolStatus;
  return Object.fromEntries(conditions.map(({ type, reason }) => [type, reason]));
}

function tenant(name: string, namespaces: readonly string[], extra: Partial<Tenant['metadata']> = {}): Thing {
  return thing(kinds.Tenant, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Tenant',
    metadata: {
      name,
      uid: name,
      generation: 1,
      creationTimestamp: '2027-01-01T00:00:00Z',
      finalizers: ['gpuoptimizer.io/tenant'],
      ...extra,
    },
    spec: { selector: { namespaces: [...namespaces] } },
  });
}

function namespace(name: string, owner?: string): Thing {
  const labels =
    owner === undefined ? undefined : { 'gpuoptimizer.io/tenant': owner, 'gpuoptimizer.io/managed': 'true' };
  return thing(Namespace, { metadata: { name, uid: name, labels } });
}

interface TenantRow {
  readonly name: string;
  readonly world: readonly Thing[];
  /** Namespaces that are patched, and the owner each gets; `none` where the labels go. */
  readonly patches: Readonly<Record<string, string>>;
  readonly status?: object;
  readonly conditions?: Readonly<Record<string, string>>;
}

const calm = { Ready: 'NamespacesLabelled', NamespacesExclusive: 'NoConflict' };
const goingTenant = tenant('acme', ['acme', 'shared'], { deletionTimestamp: NOW.toISOString() });

const tenantRows: readonly TenantRow[] = [
  {
    name: 'labels what it selects, by name and by beginning',
    world: [tenant('acme', ['acme', 'ml-*']), namespace('acme'), namespace('ml-a'), namespace('ml'), namespace('x')],
    patches: { acme: 'acme', 'ml-a': 'acme' },
    status: { namespaceCount: 2, namespaces: ['acme', 'ml-a'], allocated: { gpus: 0, milli: 0 } },
    conditions: calm,
  },
  {
    name: 'leaves what carries its labels already',
    world: [tenant('acme', ['acme']), namespace('acme', 'acme')],
    patches: {},
    conditions: calm,
  },
  {
    name: 'takes the labels off what it no longer selects',
    world: [tenant('acme', ['acme']), namespace('acme', 'acme'), namespace('gone', 'acme')],
    patches: { gone: 'none' },
    conditions: calm,
  },
  {
    name: 'loses a namespace to an older tenant',
    world: [
      tenant('acme', ['acme']),
      tenant('first', ['ac*'], { creationTimestamp: '2026-01-01T00:00:00Z' }),
      namespace('acme'),
    ],
    patches: {},
    status: { namespaceCount: 0, namespaces: [] },
    conditions: { Ready: 'NoNamespace', NamespacesExclusive: 'NamespaceConflict' },
  },
  {
    name: 'counts what bound pods in its namespaces hold',
    world: [
      tenant('acme', ['acme']),
      namespace('acme', 'acme'),
      node('n1'),
      pod('p', 'n1', { 'nvidia.com/gpu': '2' }),
      pod('q', 'n1', { 'nvidia.com/gpu': '2' }, 'Running', 'other'),
    ],
    patches: {},
    status: { allocated: { gpus: 2, milli: 2000 } },
    conditions: calm,
  },
  {
    name: 'goes and leaves no label, and an heir takes over what he claims',
    world: [goingTenant, tenant('heir', ['shared']), namespace('acme', 'acme'), namespace('shared', 'acme')],
    patches: { acme: 'none', shared: 'heir' },
  },
];

describe('Tenant', () => {
  it.each(tenantRows)('$name', async ({ world, patches, status = {}, conditions }) => {
    const output = await runRow(tenantController, { world, key: { name: 'acme' }, now: NOW });
    const found: Record<string, string> = {};
    for (const act of output.acts) {
      if (act.act !== 'patch' || act.kind !== 'namespaces') continue;
      found[act.key] = /"gpuoptimizer\.io\/tenant":"([^"]+)"/.exec(JSON.stringify(act.patch.body))?.[1] ?? 'none';
    }
    expect(found).toEqual(patches);
    if (conditions !== undefined) {
      expect(output.status).toMatchObject(status);
      expect(reasons(output.status)).toEqual(conditions);
    }
  });
});
