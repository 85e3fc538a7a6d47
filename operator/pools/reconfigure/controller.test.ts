import { describe, expect, it } from 'vitest';
import { type GPUPool, kinds } from '../../api/index.ts';
import { ConfigMap, Node, Pod } from '../../kube/index.ts';
import { createRegistry } from '../../observability/index.ts';
import { runPass, runRow, type Thing, thing } from '../../runtime/testing/index.ts';
import { poolNodeController } from '../node/controller.ts';
import { OPERATION_ANNOTATION } from '../nvidia/labels.ts';
import { createInstalledProbe } from '../world.ts';
import { reconfigurationController } from './controller.ts';
import { createChangeMetrics } from './metrics.ts';

const NOW = new Date('2027-01-10T08:00:00Z');
const SPACE = 'gpu-operator';
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1000);

function node(name = 'n1', extra: Partial<NonNullable<Node['spec']>> = {}, labels = {}): Thing {
  const resources = { 'nvidia.com/gpu': '2' };
  const gpu = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3', 'nvidia.com/gpu.count': '2' };
  return thing(Node, {
    metadata: { name, uid: name, labels: { pool: 'a', 'nvidia.com/mig.capable': 'true', ...gpu, ...labels } },
    spec: extra,
    status: { capacity: resources, allocatable: resources, conditions: [{ type: 'Ready', status: 'True' }] },
  });
}

function pool(spec: Partial<GPUPool['spec']> = {}): Thing {
  const layouts = [{ gpus: 1, devices: [{ profile: '1g.10gb', count: 7 }] }];
  return thing(kinds.GPUPool, {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name: 'main', uid: 'main', generation: 1, creationTimestamp: '2027-01-01T00:00:00Z' },
    spec: {
      nodes: { selector: { matchLabels: { pool: 'a' } } },
      sharing: { type: 'MIG', mig: { type: 'Static', static: { layouts } } },
      reconfiguration: {},
      ...spec,
    },
  });
}

function pod(name: string, on: string, labels = {}): Thing {
  const containers = [{ name: 'main', resources: { limits: { 'nvidia.com/gpu': '1' } } }];
  return thing(Pod, {
    metadata: { name, namespace: SPACE, uid: name, labels },
    spec: { nodeName: on, containers },
    status: { phase: 'Running', startTime: '2027-01-10T07:00:00Z' },
  });
}

function nvidia(plural: string, kind: string, version: string, name: string, spec = {}): Thing {
  const token = { group: 'nvidia.com', version, kind, plural, scope: 'Cluster' as const };
  return { kind: token, object: { metadata: { name }, spec } as never };
}

const policy = nvidia('clusterpolicies', 'ClusterPolicy', 'v1', 'cluster-policy', {
  mig: { strategy: 'mixed' },
  migManager: { config: { name: 'gpuoptimizer-mig-layouts' } },
  devicePlugin: { config: { name: 'gpuoptimizer-device-plugin' } },
});
const cluster = nvidia('gpuclusters', 'GPUCluster', 'v1alpha1', 'gpu-cluster');
const plugin = thing(Pod, {
  metadata: { name: 'plugin', namespace: SPACE, uid: 'plugin', labels: { app: 'nvidia-device-plugin-daemonset' } },
  spec: { nodeName: 'n9', containers: [{ name: 'main' }] },
});
const site = [policy, plugin];

const clock = { monotonic: () => 0 };
const change = () => reconfigurationController(createInstalledProbe(clock), createChangeMetrics(createRegistry()));

async function pass(world: readonly Thing[]) {
  return runPass(change(), { world, now: NOW });
}

describe('the controller of changes', () => {
  it('publishes the layouts, then begins, one node at a time', async () => {
    const first = await pass([...site, node('n1'), node('n2'), pool()]);
    expect(first.result.result).not.toBe('error');
    const file = first.get(ConfigMap, { namespace: SPACE, name: 'gpuoptimizer-mig-layouts' })?.data?.['config.yaml'];
    expect(file).toContain('gpo-');
    const begun = ['n1', 'n2'].map((name) => first.get(Node, { name })?.metadata.annotations?.[OPERATION_ANNOTATION]);
    expect(begun.map((text) => text !== undefined)).toEqual([true, false]);
    expect(first.events.map(({ reason }) => reason)).toEqual(['GPUNodeReconfigurationStarted']);
  });

  it('goes step by step, each with its effect in one patch', async () => {
    let output = await pass([...site, node(), pool({ reconfiguration: { uncertainPods: 'Drain' } }), pod('p', 'n1')]);
    output = await output.again({ now: later(1) });
    expect(output.get(Node, { name: 'n1' })?.spec?.unschedulable).toBe(true);
    expect(output.acts).toHaveLength(1);
    output = await output.again({ now: later(2) });
    expect(output.acts).toMatchObject([{ act: 'evict', key: `${SPACE}/p` }]);
    const ended = { type: 'merge', body: { status: { phase: 'Succeeded' } }, subresource: 'status' } as const;
    output = await output.again({
      now: later(10),
      change: (api) => api.patch('pods', { namespace: SPACE, name: 'p' }, ended),
    });
    output = await output.again({ now: later(11) });
    const labels = output.get(Node, { name: 'n1' })?.metadata.labels ?? {};
    expect(labels['nvidia.com/mig.config']).toMatch(/^gpo-/);
  });

  const silent: readonly (readonly [string, readonly Thing[]])[] = [
    ['without a word about reconfiguration', [...site, node(), pool({ reconfiguration: undefined })]],
    ['in a dry run', [...site, node(), pool({ reconfiguration: { mode: 'DryRun' } })]],
    ['while both of NVIDIA’s stacks are installed', [...site, cluster, node(), pool()]],
    ['without the GPU Operator', [node(), pool()]],
  ];
  it.each(silent)('writes nothing %s', async (_, world) => {
    expect((await pass(world)).acts).toEqual([]);
  });

  it('writes nothing to a node that somebody else has, or whose window is closed', async () => {
    const upgraded = { 'nvidia.com/gpu-driver-upgrade-state': 'drain-required' };
    const closed = { windows: [{ start: '10:00', durationSeconds: 60 }] };
    for (const world of [
      [node('n1', {}, upgraded), pool()],
      [node(), pool({ reconfiguration: closed })],
    ]) {
      const acts = (await pass([...site, ...world])).acts.filter((act) => act.act !== 'evict' && act.kind === 'nodes');
      expect(acts).toEqual([]);
    }
  });
});

describe('the controller of nodes', () => {
  const marks = () => poolNodeController(createInstalledProbe(clock));
  it('puts the pool on its nodes in one patch, whatever it is killed after', async () => {
    const spec = { labels: { team: 'ml' }, taints: [{ key: 'dedicated', effect: 'NoSchedule' }] } as const;
    const output = await runRow(marks, { world: [policy, node(), pool(spec)], key: { name: 'n1' }, now: NOW });
    expect(output.acts).toHaveLength(1);
    const marked = output.get(Node, { name: 'n1' });
    expect(marked?.metadata.labels).toMatchObject({ team: 'ml', 'gpuoptimizer.io/pool': 'main' });
    expect(marked?.spec?.taints).toEqual([{ key: 'dedicated', effect: 'NoSchedule' }]);
  });

  it('writes nothing while both of NVIDIA’s stacks are installed', async () => {
    const output = await runRow(marks, { world: [policy, cluster, node(), pool()], key: { name: 'n1' }, now: NOW });
    expect(output.acts).toEqual([]);
  });
});
