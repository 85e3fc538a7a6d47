import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GPUPool } from '../../operator/api/index.ts';
import type { Namespace, Pod } from '../../operator/kube/index.ts';
import { openApi } from '../bench/api.ts';
import { gpuPod, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually, type OperatorProcess } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';
import {
  installedOperator,
  installNvidia,
  look,
  type NodeLook,
  type Nvidia,
  nodeEvents,
  nodeLooks,
  nvidiaNode,
  rests,
} from './pools/nvidia.ts';

const SCENARIO = 'pools-dynamic';
const SPACE = 'pools-dynamic';
const nodes = [
  nvidiaNode(SCENARIO, 'pools-dynamic', 2, { kind: 'dynamic' }),
  nvidiaNode(SCENARIO, 'pools-health', 2, { kind: 'health' }),
];

let world: GpuWorld;
let nvidia: Nvidia;
let operator: OperatorProcess;

type Spec = GPUPool['spec'];

function pool(kind: string, spec: Omit<Spec, 'nodes'>): GPUPool {
  const matchLabels = { 'gpuoptimizer.io/scenario': SCENARIO, kind };
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name: `pools-${kind}` },
    spec: { nodes: { selector: { matchLabels } }, ...spec },
  };
}

const apply = (...objects: readonly object[]): Promise<string> =>
  world.send(['apply', '--server-side', '--force-conflicts'], ...objects);

function asks(name: string, limits: Record<string, string>): Pod {
  const containers = [{ name: 'main', image: 'registry.k8s.io/pause:3.10', resources: { limits } }];
  const nodeSelector = { 'gpuoptimizer.io/scenario': SCENARIO, kind: 'dynamic' };
  return gpuPod(SPACE, name, gpuSpec(1, { containers, nodeSelector }));
}

/** What the node looked like right after the pod's gate was gone. */
async function lookAtRelease(name: string): Promise<NodeLook> {
  const api = openApi(world.cluster.kubeconfig);
  const path = `/api/v1/namespaces/${SPACE}/pods?watch=1&fieldSelector=metadata.name%3D${name}`;
  interface Gated {
    readonly metadata: { readonly name: string };
    readonly spec?: { readonly schedulingGates?: readonly object[] };
  }
  try {
    for await (const { object } of api.watchWhole<Gated>(path, AbortSignal.timeout(180_000))) {
      if ((object.spec?.schedulingGates ?? []).length === 0) return await look(world, 'pools-dynamic');
    }
    throw new Error(`pod ${name} was never released`);
  } finally {
    await api.close();
  }
}

async function runs(name: string): Promise<Pod> {
  return eventually(
    `pod ${name} runs`,
    async () => {
      const pod = await world.get<Pod>('pod', name, '-n', SPACE);
      return pod.status?.phase === 'Running' ? pod : undefined;
    },
    120_000,
  );
}

beforeAll(async () => {
  world = await gpuWorld();
  nvidia = await installNvidia(world, SCENARIO);
  await world.addNodes(...nodes);
  await apply(namespaceNamed(SPACE), gpuTenant('pools-dynamic', [SPACE]));
  operator = await installedOperator(world);
  await operator.start();
  for (const { metadata } of nodes) await nodeLooks(world, metadata.name, 'has two GPUs', rests({ gpu: 2 }));
  const mig = { type: 'Dynamic', dynamic: { demandSeconds: 1 } } as const;
  await apply(pool('dynamic', { sharing: { type: 'MIG', mig }, reconfiguration: {} }));
  await eventually('the namespace is managed', async () => {
    const { metadata } = await world.get<Namespace>('namespace', SPACE);
    return metadata.labels?.['gpuoptimizer.io/managed'] === 'true' ? true : undefined;
  });
});

afterAll(async () => {
  await operator?.stop();
  await nvidia?.end();
  await world?.end({
    namespaces: [SPACE],
    objects: [
      'gpupool/pools-dynamic',
      'gpupool/pools-health',
      'tenant/pools-dynamic',
      ...nodes.map(({ metadata }) => `node/${metadata.name}`),
    ],
  });
});

describe('a pool that cuts GPUs by demand', () => {
  it('cuts one for a pod that waits, through a reboot, and releases the pod to what is advertised', async () => {
    nvidia.mig.fault('pools-dynamic', 'reboot');
    await world.send(['create'], asks('slice', { 'nvidia.com/mig-1g.10gb': '1' }));
    const atRelease = await lookAtRelease('slice');
    expect(atRelease.step).toBeUndefined();
    expect(atRelease.devices).toEqual({ gpu: 1, 'mig-1g.10gb': 1, 'mig-2g.20gb': 1, 'mig-4g.40gb': 1 });
    expect((await runs('slice')).spec?.nodeName).toBe('pools-dynamic');
    expect((await look(world, 'pools-dynamic')).cordoned).toBe(false);
  });

  it('serves the next pod from what is left, and cuts nothing', async () => {
    const before = nvidia.mig.runs.get('pools-dynamic')?.length;
    await world.send(['create'], asks('large', { 'nvidia.com/mig-4g.40gb': '1' }));
    await runs('large');
    expect(nvidia.mig.runs.get('pools-dynamic')).toHaveLength(before ?? 0);
  });

  it('gives whole GPUs back when pods wait for them and nobody is on the slices', async () => {
    await world.cluster.kubectl(['delete', 'pod', 'slice', 'large', '-n', SPACE, '--wait=false']);
    await world.send(['create'], asks('both', { 'nvidia.com/gpu': '2' }));
    const atRelease = await lookAtRelease('both');
    expect(atRelease.devices).toEqual({ gpu: 2 });
    await runs('both');
  });
});

describe('what a pool puts on its nodes', () => {
  it('is there with the pool, leaves a driver upgrade alone, and goes with the pool', async () => {
    await world.cluster.kubectl([
      'label',
      'node',
      'pools-health',
      'nvidia.com/gpu-driver-upgrade-state=drain-required',
    ]);
    const taints = [{ key: 'dedicated', value: 'ml', effect: 'NoSchedule' }] as const;
    const sharing = { type: 'TimeSlicing', timeSlicing: { replicas: 2 } } as const;
    await apply(pool('health', { labels: { team: 'ml' }, taints, sharing, reconfiguration: {} }));
    const marked = await nodeLooks(world, 'pools-health', 'is marked', ({ labels }) => labels.team === 'ml');
    expect(marked.labels['gpuoptimizer.io/pool']).toBe('pools-health');
    expect(marked.taints).toContain('dedicated');
    await eventually('the pool says who has the node', async () => {
      const { status } = await world.get<GPUPool>('gpupool/pools-health');
      const found = status?.conditions?.find(({ type }) => type === 'Reconfigured');
      return found?.message.includes('driver upgrade (drain-required)') === true ? true : undefined;
    });
    expect((await look(world, 'pools-health')).cordoned).toBe(false);
    await world.cluster.kubectl(['label', 'node', 'pools-health', 'nvidia.com/gpu-driver-upgrade-state-']);
    await nodeLooks(world, 'pools-health', 'is shared', rests({ gpu: 4 }));
    await world.cluster.kubectl(['delete', 'gpupool', 'pools-health']);
    const left = await nodeLooks(world, 'pools-health', 'is as before', ({ labels }) => labels.team === undefined);
    expect(left.labels).not.toHaveProperty(['gpuoptimizer.io/pool']);
    expect(left.taints).not.toContain('dedicated');
  });

  it('keeps pods off a node with a bad GPU until it was well for a while', async () => {
    await apply(pool('health', { health: { signals: ['Xid'], quietSeconds: 3 } }));
    await nodeLooks(
      world,
      'pools-health',
      'is in the pool',
      ({ labels }) => labels['gpuoptimizer.io/pool'] !== undefined,
    );
    nvidia.plugin.fault('pools-health', { withdraw: 1 });
    await nodeLooks(world, 'pools-health', 'is unfit', ({ taints }) => taints.includes('gpuoptimizer.io/unhealthy'));
    nvidia.plugin.fault('pools-health', {});
    await nodeLooks(world, 'pools-health', 'is fit', ({ taints }) => !taints.includes('gpuoptimizer.io/unhealthy'));
    const events = await nodeEvents(world, 'pools-health');
    expect(events).toContain('GPUNodeUnhealthy');
    expect(events).toContain('GPUNodeHealthy');
  });
});
