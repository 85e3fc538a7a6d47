import type { GPUPoolStatus } from '../api/index.ts';
import { type KindToken, type Node, seconds } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Context, KubeObject, Permission } from '../runtime/index.ts';
import { label } from './nvidia/labels.ts';

/** Which NVIDIA stack hands out the GPUs. */
export type World = NonNullable<GPUPoolStatus['world']>;

/** Helm's name of the ClusterPolicy; a GPUCluster must have this other name. */
const clusterPolicyName = 'cluster-policy';
const gpuClusterName = 'gpu-cluster';
/** A world changes when an admin changes it, and he then waits for the condition to say so. */
const KEEP_MILLIS = seconds(15);

/** The part of ClusterPolicy that says how GPUs are shared. */
interface ClusterPolicyObject extends KubeObject {
  readonly spec?: {
    readonly mig?: { readonly strategy?: string };
    readonly migManager?: { readonly config?: { readonly name?: string } | null };
    readonly devicePlugin?: { readonly config?: { readonly name?: string } | null };
  };
}

const ClusterPolicy: KindToken<ClusterPolicyObject> = {
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

/** What NVIDIA's ClusterPolicy says about sharing. */
export interface PolicyFacts {
  /** `spec.mig.strategy`. */
  readonly strategy: string;
  /** `spec.migManager.config.name`; empty for layouts that mig-manager makes from the hardware. */
  readonly layouts: string;
  /** `spec.devicePlugin.config.name`; empty for none. */
  readonly plugin: string;
}

/** Which of NVIDIA's own objects exist. */
export interface Installed {
  readonly clusterPolicy: boolean;
  readonly gpuCluster: boolean;
  /** What the ClusterPolicy says, where it exists. */
  readonly policy?: PolicyFacts;
}

/** What a probe needs to be allowed. */
export const readsClusterPolicy: Permission = {
  group: 'nvidia.com',
  resource: 'clusterpolicies',
  verbs: ['get'],
  in: 'cluster',
  why: "finds out whether the GPU Operator runs the device plugin, and which configuration NVIDIA's components read",
};
/** As above. */
export const readsGPUCluster: Permission = {
  group: 'nvidia.com',
  resource: 'gpuclusters',
  verbs: ['get'],
  in: 'cluster',
  why: 'finds out whether the GPU Operator runs the DRA driver',
};

/** Looks for NVIDIA's own objects, at most every 15 seconds. */
export type InstalledProbe = (context: Pick<Context, 'live'>) => Promise<Installed>;

/** A probe with a memory, shared by all who ask. */
export function createInstalledProbe(clock: Pick<Clock, 'monotonic'>): InstalledProbe {
  let last: { readonly at: number; readonly found: Installed } | undefined;
  return async ({ live }) => {
    if (last !== undefined && clock.monotonic() - last.at < KEEP_MILLIS) return last.found;
    const [policy, cluster] = await Promise.all([
      live.get(ClusterPolicy, { name: clusterPolicyName }),
      live.get(GPUCluster, { name: gpuClusterName }),
    ]);
    const found = {
      clusterPolicy: policy !== undefined,
      gpuCluster: cluster !== undefined,
      ...(policy !== undefined && { policy: policyFacts(policy) }),
    };
    last = { at: clock.monotonic(), found };
    return found;
  };
}

/** `single` is what the GPU Operator's chart sets where nothing is said. */
function policyFacts({ spec }: ClusterPolicyObject): PolicyFacts {
  return {
    strategy: spec?.mig?.strategy ?? 'single',
    layouts: spec?.migManager?.config?.name ?? '',
    plugin: spec?.devicePlugin?.config?.name ?? '',
  };
}

/** Whether both of NVIDIA's stacks are installed, which excludes that either works. */
export function isMixed({ clusterPolicy, gpuCluster }: Installed): boolean {
  return clusterPolicy && gpuCluster;
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
