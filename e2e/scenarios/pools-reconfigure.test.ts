import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GPUPool } from '../../operator/api/index.ts';
import type { Pod } from '../../operator/kube/index.ts';
import { gpuPod, gpuSpec, namespaceNamed } from './gpu/objects.ts';
import { eventually, type OperatorProcess } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import {
  configured,
  installedOperator,
  installNvidia,
  look,
  type Nvidia,
  nodeEvents,
  nodeLooks,
  nvidiaNode,
  rests,
  stepReached,
} from './pools/nvidia.ts';

const SCENARIO = 'pools-reconfigure';
const SPACE = 'pools-reconfigure';
const names = ['crash', 'wedge', 'foreign', 'pdb', 'other', 'slice', 'back', 'mix', 'missed'] as const;
const nodes = names.map((name) => nvidiaNode(SCENARIO, `pools-${name}`, 2, { kind: name }));
const sevenths = [{ gpus: 1, devices: [{ profile: '1g.10gb', count: 7 }] }];
const cut = { gpu: 1, 'mig-1g.10gb': 7 };

let world: GpuWorld;
let nvidia: Nvidia;
let operator: OperatorProcess;

type Spec = GPUPool['spec'];

function pool(name: string, sharing: Spec['sharing'], more: Partial<Spec> = {}): GPUPool {
  const matchLabels = { 'gpuoptimizer.io/scenario': SCENARIO, kind: name };
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name: `pools-${name}` },
    spec: { nodes: { selector: { matchLabels } }, sharing, reconfiguration: {}, ...more },
  };
}

const mig = (layouts = sevenths): Spec['sharing'] => ({ type: 'MIG', mig: { type: 'Static', static: { layouts } } });

const apply = (...objects: readonly object[]): Promise<string> =>
  world.send(['apply', '--server-side', '--force-conflicts'], ...objects);

async function condition(name: string, type: string, reason: string): Promise<string> {
  return eventually(`pool ${name} says ${type} ${reason}`, async () => {
    const { status } = await world.get<GPUPool>(`gpupool/pools-${name}`);
    const found = status?.conditions?.find((each) => each.type === type);
    return found?.reason === reason ? found.message : undefined;
  });
}

/** A pod on a node of its own choice, running. */
async function running(name: string, kind: string, limits: Record<string, string>, labels = {}): Promise<Pod> {
  const containers = [{ name: 'main', image: 'registry.k8s.io/pause:3.10', resources: { limits } }];
  const nodeSelector = { 'gpuoptimizer.io/scenario': SCENARIO, kind };
  await world.send(['create'], gpuPod(SPACE, name, gpuSpec(1, { containers, nodeSelector }), { labels }));
  return eventually(`pod ${name} runs`, async () => {
    const pod = await world.get<Pod>('pod', name, '-n', SPACE);
    return pod.status?.phase === 'Running' ? pod : undefined;
  });
}

async function uidOf(name: string): Promise<string | undefined> {
  const pod = (await world.pods(SPACE)).find(({ metadata }) => metadata.name === name);
  return pod?.metadata.deletionTimestamp === undefined ? pod?.metadata.uid : undefined;
}

beforeAll(async () => {
  world = await gpuWorld();
  nvidia = await installNvidia(world, SCENARIO, { mig: { strategy: 'mixed' } });
  await world.addNodes(...nodes);
  await apply(namespaceNamed(SPACE));
  operator = await installedOperator(world);
  await operator.start();
  for (const { metadata } of nodes) await nodeLooks(world, metadata.name, 'has two GPUs', rests({ gpu: 2 }));
});

afterAll(async () => {
  await operator?.stop();
  await nvidia?.end();
  await world?.end({
    namespaces: [SPACE],
    objects: [...names.map((name) => `gpupool/pools-${name}`), ...nodes.map(({ metadata }) => `node/${metadata.name}`)],
  });
});

describe('how the GPUs of a node are shared', () => {
  it('waits until ClusterPolicy names our layouts, says what to run, and takes NVIDIA’s own meanwhile', async () => {
    await apply(pool('mix', mig()));
    expect(await condition('mix', 'SharingConfigurable', 'LayoutsNotMounted')).toContain('kubectl patch clusterpolicy');
    await apply(pool('mix', mig([{ gpus: 2, devices: [{ profile: '1g.10gb', count: 7 }] }])));
    const stock = await nodeLooks(world, 'pools-mix', "is cut by NVIDIA's own layout", rests({ 'mig-1g.10gb': 14 }));
    expect(stock.labels['nvidia.com/mig.config']).toBe('all-1g.10gb');
    await nvidia.policy(configured);
    await condition('mix', 'SharingConfigurable', 'ConfigMapsNamed');
  });

  // Seven starts of the operator, each of which may take a minute on a machine that others use.
  it('is changed once, whatever step the operator is killed at', { timeout: 600_000 }, async () => {
    await running('leaves', 'crash', { 'nvidia.com/gpu': '2' });
    await apply(pool('crash', mig(), { reconfiguration: { uncertainPods: 'Drain' } }));
    for (const step of ['Cordon', 'Drain', 'Label', 'Wait', 'Verify', 'Uncordon']) {
      await stepReached(world, 'pools-crash', step);
      await operator.kill();
      await operator.start();
    }
    const done = await nodeLooks(world, 'pools-crash', 'is cut', rests(cut));
    expect(done.cordoned).toBe(false);
    expect(await uidOf('leaves')).toBeUndefined();
    // A name that the mounted file does not have yet is tried again; it is the same name.
    expect(new Set(nvidia.mig.runs.get('pools-crash')).size).toBe(1);
  });

  it('is undone when a PodDisruptionBudget keeps a pod, and the pod never notices', async () => {
    const held = await running('held', 'pdb', { 'nvidia.com/gpu': '1' }, { app: 'held' });
    await apply({
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'held', namespace: SPACE },
      spec: { minAvailable: 1, selector: { matchLabels: { app: 'held' } } },
    });
    await apply(pool('pdb', mig(), { reconfiguration: { uncertainPods: 'Drain', drainTimeoutSeconds: 5 } }));
    await stepReached(world, 'pools-pdb', 'Drain');
    const undone = await nodeLooks(world, 'pools-pdb', 'is undone', rests({ gpu: 2 }));
    expect(undone.cordoned).toBe(false);
    expect(undone.labels).not.toHaveProperty(['nvidia.com/mig.config']);
    expect(await uidOf('held')).toBe(held.metadata.uid);
    expect(await condition('pdb', 'Reconfigured', 'Waits')).toContain('PodDisruptionBudget');
    expect(await nodeEvents(world, 'pools-pdb')).toContain('GPUNodeReconfigurationUndone');
  });

  it('heals a mig-manager that stands still', async () => {
    nvidia.mig.fault('pools-wedge', 'wedge');
    await apply(pool('wedge', mig(), { reconfiguration: { wedgeAfterSeconds: 10 } }));
    await stepReached(world, 'pools-wedge', 'Heal');
    await nodeLooks(world, 'pools-wedge', 'is cut after all', rests(cut));
    expect(new Set(nvidia.mig.runs.get('pools-wedge')).size).toBe(1);
    expect(await nodeEvents(world, 'pools-wedge')).toContain('GPUNodeReconfigurationHealed');
  });

  it('heals a mig-manager that missed the label', async () => {
    nvidia.mig.fault('pools-missed', 'lose');
    await apply(pool('missed', mig(), { reconfiguration: { wedgeAfterSeconds: 5 } }));
    await nodeLooks(world, 'pools-missed', 'is cut after all', rests(cut));
  });

  it('leaves a foreign cordon where it is', async () => {
    await world.cluster.kubectl(['cordon', 'pools-foreign']);
    await apply(pool('foreign', mig()));
    const done = await nodeLooks(world, 'pools-foreign', 'is cut', rests(cut));
    expect(done.cordoned).toBe(true);
  });

  it('keeps pods running that are on other GPUs of the node', async () => {
    await apply(pool('other', mig()));
    await nodeLooks(world, 'pools-other', 'is cut', rests(cut));
    const stays = await running('stays', 'other', { 'nvidia.com/mig-1g.10gb': '1' });
    const [first] = sevenths;
    const halves = { gpus: 1, devices: [{ profile: '3g.40gb', count: 2 }] };
    await apply(pool('other', mig(first === undefined ? [] : [first, halves])));
    const done = await nodeLooks(world, 'pools-other', 'has both cut', rests({ 'mig-1g.10gb': 7, 'mig-3g.40gb': 2 }));
    expect(done.cordoned).toBe(false);
    expect(await uidOf('stays')).toBe(stays.metadata.uid);
  });

  it('follows time-slicing, and back, through the device plugin alone', async () => {
    await apply(pool('slice', { type: 'TimeSlicing', timeSlicing: { replicas: 4 } }));
    const shared = await nodeLooks(world, 'pools-slice', 'is shared', rests({ gpu: 8 }));
    expect(shared.labels).toMatchObject({
      'nvidia.com/device-plugin.config': 'gpo-time-slicing-4',
      'nvidia.com/gpu.sharing-strategy': 'time-slicing',
    });
    await condition('slice', 'SharingInSync', 'NodesMatch');
    await apply(pool('slice', { type: 'Exclusive' }));
    await nodeLooks(world, 'pools-slice', 'is exclusive again', rests({ gpu: 2 }));
    expect(nvidia.mig.runs.get('pools-slice')).toBeUndefined();
  });

  it('is rolled back when the node does not come up with it', async () => {
    nvidia.mig.fault('pools-back', 'fail', 5);
    await apply(pool('back', mig()));
    const back = await nodeLooks(
      world,
      'pools-back',
      'has two GPUs again',
      (found) => rests({ gpu: 2 })(found) && found.labels['nvidia.com/mig.config'] === 'all-disabled',
    );
    expect(back.cordoned).toBe(false);
    expect(await nodeEvents(world, 'pools-back')).toContain('GPUNodeReconfigurationRolledBack');
    expect(await condition('back', 'Reconfigured', 'Waits')).toContain('failed to apply');
  });

  it('is never changed while both of NVIDIA’s stacks are installed', async () => {
    await world.send(['create'], {
      apiVersion: 'nvidia.com/v1alpha1',
      kind: 'GPUCluster',
      metadata: { name: 'gpu-cluster' },
    });
    try {
      await condition('mix', 'WorldSupported', 'WorldsMixed');
      await apply(pool('mix', { type: 'Exclusive' }, { labels: { team: 'mix' } }));
      expect(await condition('mix', 'Reconfigured', 'Waits')).toContain('ClusterPolicy and GPUCluster');
      const before = await look(world, 'pools-mix');
      expect(before).toMatchObject({ cordoned: false, step: undefined, devices: { 'mig-1g.10gb': 14 } });
      expect(before.labels).not.toHaveProperty('team');
    } finally {
      await world.cluster.kubectl(['delete', 'gpucluster', 'gpu-cluster']);
    }
    await nodeLooks(world, 'pools-mix', 'is whole once one stack is gone', rests({ gpu: 2 }));
  });
});
