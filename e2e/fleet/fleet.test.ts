import { describe, expect, it } from 'vitest';
import { findMigModel, migResourceMilli, parseMigResource, placeLayout } from '../../operator/pools/mig/index.ts';
import { type Gang, type NodeFacts, plan, type Quota } from '../../operator/scheduling/planner/index.ts';
import { parseOpenbNodes, parseOpenbPods } from '../../operator/scheduling/simulate/index.ts';
import { DEFAULT_NODES, GROUPS, SHARED, WHOLE } from './groups.ts';
import { type FleetNode, generateNodes } from './nodes.ts';
import { nodesCsv, podsCsv } from './openb.ts';
import { fleetPools, fleetTenants, TENANT_LIMITS } from './platform.ts';
import { traceFleet } from './trace.ts';
import {
  generateUniformPods,
  generateWorkload,
  INFER_NAMESPACE,
  TRAIN_NAMESPACE,
  type WorkloadItem,
} from './workload.ts';

function labelled(node: FleetNode, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(labels).every(([key, value]) => node.metadata.labels[key] === value);
}

function poolOf(node: FleetNode): readonly string[] {
  return fleetPools()
    .filter(({ spec }) => {
      const { selector } = spec.nodes as { selector: { matchLabels: Record<string, string> } };
      return labelled(node, selector.matchLabels);
    })
    .map(({ metadata }) => metadata.name);
}

function facts(node: FleetNode): NodeFacts {
  const { labels } = node.metadata;
  const { allocatable } = node.status;
  const product = labels['nvidia.com/gpu.product'] ?? '';
  const memory = Number(labels['nvidia.com/gpu.memory']);
  const shared = allocatable[SHARED] !== undefined;
  const replicas = Number(labels['nvidia.com/gpu.replicas']);
  return {
    name: node.metadata.name,
    model: product,
    pool: poolOf(node)[0],
    cpuMilli: Number(allocatable.cpu) * 1000,
    memoryMiB: Number(allocatable.memory?.replace('Gi', '')) * 1024,
    pods: Number(allocatable.pods),
    gpus: {
      count: Number(allocatable[shared ? SHARED : WHOLE] ?? 0) / replicas,
      resource: shared ? SHARED : WHOLE,
      replicas,
    },
    resources: Object.entries(allocatable)
      .filter(([name]) => parseMigResource(name) !== undefined)
      .map(([name, count]) => ({
        name,
        count: Number(count),
        milliEach: migResourceMilli(name, product, memory) ?? 0,
      })),
    labels,
    taints: [],
    schedulable: true,
  };
}

function gang(item: WorkloadItem): Gang {
  const { cpuMilli, memoryMiB, devices, products } = item.needs;
  const { name, namespace } = item.object.metadata;
  return {
    key: name,
    tenant: namespace === TRAIN_NAMESPACE ? 'acme' : 'globex',
    priority: 0,
    since: item.at,
    members: Array.from({ length: item.pods }, (_, at) => ({
      key: `${name}-${at}`,
      cpuMilli,
      memoryMiB,
      gpus: Object.entries(devices).map(([resource, count]) => ({ kind: 'devices' as const, resource, count })),
      where: { models: products },
    })),
  };
}

const quotas: readonly Quota[] = Object.entries(TENANT_LIMITS).flatMap(([tenant, limits]) =>
  Object.entries(limits).map(([pool, limit]) => ({ tenant, pool, limitMilli: limit * 1000 })),
);

describe('nodes', () => {
  it('are 24 with 142 GPUs by default, each in exactly one pool', () => {
    const nodes = generateNodes();
    expect(nodes).toHaveLength(24);
    expect(nodes.reduce((sum, node) => sum + Number(node.metadata.labels['nvidia.com/gpu.count']), 0)).toBe(142);
    for (const node of nodes) expect(poolOf(node)).toHaveLength(1);
    expect(new Set(nodes.map(({ metadata }) => metadata.name)).size).toBe(24);
  });

  it.each([1, 7, 24, 500, 1213])('%i nodes keep the proportion', (count) => {
    const nodes = generateNodes(count);
    expect(nodes).toHaveLength(count);
    for (const group of GROUPS) {
      const own = new RegExp(`^gpu-${group.name}-\\d+$`);
      const share = nodes.filter(({ metadata }) => own.test(metadata.name)).length;
      expect(Math.abs(share - (count * group.share) / DEFAULT_NODES)).toBeLessThan(1);
    }
  });

  it('advertise what GPU Feature Discovery and the device plugin would', () => {
    const nodes = generateNodes();
    const named = (name: string): FleetNode | undefined => nodes.find(({ metadata }) => metadata.name === name);
    expect(named('gpu-l4-shared-000')).toMatchObject({
      metadata: { labels: { type: 'kwok', 'nvidia.com/gpu.replicas': '4', 'nvidia.com/gpu.product': 'NVIDIA-L4' } },
      status: { allocatable: { [SHARED]: '16' } },
    });
    expect(named('gpu-a100-half-000')).toMatchObject({
      metadata: { labels: { 'nvidia.com/mig.strategy': 'mixed', 'nvidia.com/mig-1g.10gb.count': '28' } },
      status: { allocatable: { [WHOLE]: '4', 'nvidia.com/mig-1g.10gb': '28' } },
    });
    for (const { metadata, status } of nodes) {
      expect(metadata.annotations['kwok.x-k8s.io/node']).toBe('fake');
      expect(status.allocatable).toEqual(status.capacity);
    }
  });

  it('cut MIG GPUs as the hardware allows', () => {
    for (const { sharing, product, memoryMiB, gpusPerNode } of GROUPS) {
      if (sharing.kind !== 'mig') continue;
      const model = findMigModel(product, memoryMiB);
      const cut = gpusPerNode - sharing.wholeGpus;
      const perGpu = Object.fromEntries(
        Object.entries(sharing.devices).map(([profile, count]) => [profile, count / cut]),
      );
      expect(model && placeLayout(model, perGpu)).toBeDefined();
    }
  });
});

describe('workload', () => {
  it('is about 200 pods over two tenants in 100 seconds, the same for a seed', () => {
    const items = generateWorkload();
    const pods = items.reduce((sum, item) => sum + item.pods, 0);
    expect(pods).toBeGreaterThanOrEqual(200);
    expect(pods).toBeLessThan(210);
    expect(new Set(items.map(({ object }) => object.metadata.namespace))).toEqual(
      new Set([TRAIN_NAMESPACE, INFER_NAMESPACE]),
    );
    expect(new Set(items.map(({ object }) => object.kind))).toEqual(new Set(['Job', 'Pod', 'Deployment']));
    expect(items.map(({ at }) => at)).toEqual(items.map(({ at }) => at).sort((left, right) => left - right));
    expect(Math.max(...items.map(({ at }) => at))).toBeLessThanOrEqual(100);
    expect(generateWorkload()).toEqual(items);
    expect(generateWorkload({ seed: 43 })).not.toEqual(items);
    expect(new Set(items.map(({ object }) => object.metadata.name)).size).toBe(items.length);
  });

  it('uses whole GPUs, time-slices and MIG devices, and only fake nodes', () => {
    const resources = new Set(generateWorkload().flatMap(({ needs }) => Object.keys(needs.devices)));
    expect([...resources].sort()).toEqual([
      WHOLE,
      SHARED,
      'nvidia.com/mig-1g.10gb',
      'nvidia.com/mig-2g.20gb',
      'nvidia.com/mig-3g.40gb',
      'nvidia.com/mig-7g.80gb',
    ]);
    for (const { object } of generateWorkload()) {
      expect(JSON.stringify(object)).toContain('"nodeSelector":{"type":"kwok"');
    }
  });

  it.each([42, 43, 44])('with seed %i behaves on the empty default fleet as each object says', (seed) => {
    const nodes = generateNodes().map(facts);
    for (const item of generateWorkload({ seed })) {
      const { place, waiting } = plan({
        nodes,
        held: [],
        queue: [gang(item)],
        quotas,
        policy: { name: 'fgd', typical: [] },
      });
      const blocker = waiting[0]?.blocker;
      if (item.expect === 'runs') expect(place).toHaveLength(item.pods);
      if (item.expect === 'exceeds-limit') expect(blocker).toBe('Quota');
      if (item.expect === 'never-fits') expect(blocker).toBe('Shape');
    }
  });

  it('for benchmarks is alike pods', () => {
    const items = generateUniformPods(2000, 'bench');
    expect(items).toHaveLength(2000);
    expect(items[7]?.object.metadata).toMatchObject({ name: 'bench-00007', namespace: 'bench' });
  });
});

describe('platform', () => {
  it('has a tenant for each namespace and limits for pools that exist', () => {
    const pools = new Set(fleetPools().map(({ metadata }) => metadata.name));
    expect(fleetTenants().map(({ metadata }) => metadata.name)).toEqual(['acme', 'globex']);
    for (const limits of Object.values(TENANT_LIMITS))
      for (const pool of Object.keys(limits)) expect(pools).toContain(pool);
  });
});

describe('openb lists', () => {
  it('of the fleet can be read back', () => {
    const nodes = parseOpenbNodes(nodesCsv(generateNodes()), 'nodes');
    expect(nodes).toHaveLength(24);
    expect(nodes[0]).toMatchObject({ cpuMilli: 192_000, memoryMiB: 2_097_152, gpus: { count: 8 } });
    const items = generateWorkload();
    const pods = parseOpenbPods(podsCsv(items), 'pods');
    expect(pods).toHaveLength(items.reduce((sum, item) => sum + item.pods, 0));
    const models = new Set(nodes.map(({ model }) => model));
    for (const { where } of pods) for (const model of where?.models ?? []) expect(models).toContain(model);
  });

  const nodes = parseOpenbNodes('sn,cpu_milli,memory_mib,gpu,model\nn1,64000,262144,2,P100\nn2,64000,262144,8,T4', 'n');
  const pods = parseOpenbPods(
    `name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time
late,1000,1024,1,1000,P100|T4,LS,Running,100,101,
quarter,1000,1024,1,250,,LS,Running,0,600,0
more,1000,1024,1,251,,LS,Running,1,999999,1
none,1000,1024,0,0,,LS,Running,2,3,2
two,1000,1024,2,1000,T4,LS,Running,3,4,3`,
    'p',
  );
  it('become objects: first nodes, earliest pods, shares rounded up to quarters', () => {
    const fleet = traceFleet(nodes, pods, { nodes: 1, pods: 4, spanSeconds: 40 });
    expect(fleet.nodes.map(({ metadata, status }) => [metadata.name, status.allocatable[SHARED]])).toEqual([
      ['n1', '8'],
    ]);
    expect(
      fleet.workload.map(({ at, object, needs }) => [
        at,
        object.metadata.name,
        needs.devices[SHARED],
        needs.runSeconds,
      ]),
    ).toEqual([
      [0, 'quarter', 1, 60],
      [10, 'more', 2, 120],
      [20, 'none', undefined, 10],
      [30, 'two', 8, 10],
    ]);
  });

  it('keep the models a pod may run on', () => {
    const all = traceFleet(nodes, pods, { nodes: 2, pods: 5 }).workload;
    const object = (name: string) => JSON.stringify(all.find((item) => item.object.metadata.name === name)?.object);
    expect(object('two')).toContain('"nvidia.com/gpu.product":"T4"');
    expect(object('late')).toContain('"operator":"In","values":["P100","T4"]');
  });
});
