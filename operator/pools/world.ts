import type { GPUPoolStatus } from '../api/index.ts';
import { type KindToken, type Node, seconds } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Context, KubeObject } from '../runtime/index.ts';
import { label } from './nvidia/labels.ts';

/** Which NVIDIA stack hands out the GPUs. */
export type World = NonNullable<GPUPoolStatus['world']>;

/** Helm's name of the ClusterPolicy; a GPUCluster must have this other name. */
const clusterPolicyName = 'cluster-policy';
const gpuClusterName = 'gpu-cluster';
/** A world does not change by itself; asking once a minute is enough. */
const KEEP_MILLIS = seconds(60);

const ClusterPolicy: KindToken<KubeObject> = {
  group: 'nvidia.com',
  version: 'v1',
  kind: 'ClusterPolicy',
  plural: 'clusterpolicies',
  scope: 'Cluster',
};
const GPUCluster: KindToken<KubeObject> = {
  group: 'nvidia.com',
  version: 'v1alpha1',
  kind: 'GPUCluster',
  plural: 'gpuclusters',
  scope: 'Cluster',
};

/** Which of NVIDIA's own objects exist. */
export interface Installed {
  readonly clusterPolicy: boolean;
  readonly gpuCluster: boolean;
}

/** Looks for NVIDIA's own objects, at most once a minute. */
export type InstalledProbe = (context: Pick<Context, 'live'>) => Promise<Installed>;

/** A probe with a memory of one minute, shared by all pools. */
export function createInstalledProbe(clock: Pick<Clock, 'monotonic'>): InstalledProbe {
  let last: { readonly at: number; readonly found: Installed } | undefined;
  return async ({ live }) => {
    if (last !== undefined && clock.monotonic() - last.at < KEEP_MILLIS) return last.found;
    const [policy, cluster] = await Promise.all([
      live.get(ClusterPolicy, { name: clusterPolicyName }),
      live.get(GPUCluster, { name: gpuClusterName }),
    ]);
    const found = { clusterPolicy: policy !== undefined, gpuCluster: cluster !== undefined };
    last = { at: clock.monotonic(), found };
    return found;
  };
}

/**
 * The world of these nodes: by NVIDIA's objects, and where a ClusterPolicy has another name, by the labels that the GPU
 * Operator writes in each world. Neither: bare resources, which are read and never configured.
 */
export function worldOf(installed: Installed, nodes: readonly Node[]): World {
  if (installed.gpuCluster) return 'DRA';
  if (installed.clusterPolicy) return 'DevicePlugin';
  const carries = (name: string): boolean => nodes.some((node) => node.metadata.labels?.[name] !== undefined);
  if (carries(label.deployDraDriver)) return 'DRA';
  return carries(label.deployDevicePlugin) ? 'DevicePlugin' : 'Bare';
}
