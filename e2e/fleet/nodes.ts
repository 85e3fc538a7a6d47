import { DEFAULT_NODES, GROUPS, groupSizes, type NodeGroup, SHARED, WHOLE } from './groups.ts';

/** Label on every fake node; the pods of the fleet ask for it so that no real node gets them. */
export const KWOK_SELECTOR: Readonly<Record<string, string>> = { type: 'kwok' };

/** Keeps pods that must truly run off the fake nodes; KWOK's documentation uses the same taint. */
export const KWOK_TAINT = { key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' } as const;

/** A Node as it is sent to the apiserver; KWOK fills in conditions and addresses. */
export interface FleetNode {
  readonly apiVersion: 'v1';
  readonly kind: 'Node';
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  readonly spec: { readonly taints: readonly (typeof KWOK_TAINT)[] };
  readonly status: {
    readonly capacity: Readonly<Record<string, string>>;
    readonly allocatable: Readonly<Record<string, string>>;
  };
}

/** Pods that a node takes, as most clouds set it for large machines. */
const PODS_PER_NODE = 110;
const ZONES = ['zone-a', 'zone-b', 'zone-c'] as const;

/** The mixed fleet of `nodes` nodes; the same number gives the same nodes. */
export function generateNodes(nodes: number = DEFAULT_NODES): FleetNode[] {
  const sizes = groupSizes(nodes);
  return GROUPS.flatMap((group) =>
    Array.from({ length: sizes.get(group.name) ?? 0 }, (_, index) => nodeOf(group, index)),
  );
}

function nodeOf(group: NodeGroup, index: number): FleetNode {
  const name = `gpu-${group.name}-${String(index).padStart(3, '0')}`;
  const resources = {
    cpu: String(group.cpus),
    memory: `${group.nodeMemoryGiB}Gi`,
    pods: String(PODS_PER_NODE),
    ...devicesOf(group),
  };
  return fakeNode(name, { ...placeLabels(group, index), ...gfdLabels(group) }, resources, [KWOK_TAINT]);
}

/** A Node that KWOK plays. */
export function fakeNode(
  name: string,
  labels: Readonly<Record<string, string>>,
  resources: Readonly<Record<string, string>>,
  taints: FleetNode['spec']['taints'] = [],
): FleetNode {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        ...KWOK_SELECTOR,
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        ...labels,
      },
      annotations: { 'kwok.x-k8s.io/node': 'fake', 'node.alpha.kubernetes.io/ttl': '0' },
    },
    spec: { taints },
    status: { capacity: { ...resources }, allocatable: { ...resources } },
  };
}

/** The extended resources that the device plugin advertises on a node of the group. */
export function devicesOf(group: NodeGroup): Readonly<Record<string, string>> {
  const { sharing, gpusPerNode } = group;
  if (sharing.kind === 'exclusive') return { [WHOLE]: String(gpusPerNode) };
  if (sharing.kind === 'time-slicing') return { [SHARED]: String(gpusPerNode * sharing.replicas) };
  const devices = Object.entries(sharing.devices).map(([profile, count]) => [
    `nvidia.com/mig-${profile}`,
    String(count),
  ]);
  const whole = sharing.wholeGpus === 0 ? [] : [[WHOLE, String(sharing.wholeGpus)]];
  return Object.fromEntries([...whole, ...devices]);
}

function placeLabels(group: NodeGroup, index: number): Readonly<Record<string, string>> {
  const zone = ZONES[index % ZONES.length] ?? ZONES[0];
  return {
    'topology.kubernetes.io/region': 'demo',
    'topology.kubernetes.io/zone': zone,
    'node.kubernetes.io/instance-type': group.instanceType,
  };
}

/** The labels GPU Feature Discovery and the GPU Operator put on such a node (memory in MiB). */
function gfdLabels(group: NodeGroup): Readonly<Record<string, string>> {
  const { sharing } = group;
  const [major, minor] = group.compute;
  return {
    'nvidia.com/gpu.present': 'true',
    'nvidia.com/gpu.product': group.product,
    'nvidia.com/gpu.count': String(group.gpusPerNode),
    'nvidia.com/gpu.memory': String(group.memoryMiB),
    'nvidia.com/gpu.family': group.family,
    'nvidia.com/gpu.compute.major': String(major),
    'nvidia.com/gpu.compute.minor': String(minor),
    'nvidia.com/gpu.machine': group.instanceType,
    'nvidia.com/gpu.mode': 'compute',
    'nvidia.com/gpu.replicas': String(sharing.kind === 'time-slicing' ? sharing.replicas : 1),
    'nvidia.com/gpu.sharing-strategy': sharing.kind === 'time-slicing' ? 'time-slicing' : 'none',
    'nvidia.com/cuda.driver-version.full': '580.95.05',
    'nvidia.com/cuda.driver-version.major': '580',
    'nvidia.com/cuda.driver-version.minor': '95',
    'nvidia.com/cuda.driver-version.revision': '05',
    'nvidia.com/cuda.runtime-version.full': '13.0',
    'nvidia.com/cuda.runtime-version.major': '13',
    'nvidia.com/cuda.runtime-version.minor': '0',
    'nvidia.com/mps.capable': 'false',
    'nvidia.com/vgpu.present': 'false',
    'nvidia.com/mig.capable': String(group.family === 'hopper' || group.family === 'ampere'),
    'nvidia.com/mig.strategy': sharing.kind === 'mig' ? 'mixed' : 'none',
    ...(sharing.kind === 'mig' ? migLabels(group, sharing) : {}),
  };
}

function migLabels(
  group: NodeGroup,
  sharing: Extract<NodeGroup['sharing'], { kind: 'mig' }>,
): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {
    'nvidia.com/mig.config': sharing.config,
    'nvidia.com/mig.config.state': 'success',
  };
  for (const [profile, count] of Object.entries(sharing.devices)) {
    const prefix = `nvidia.com/mig-${profile}`;
    labels[`${prefix}.count`] = String(count);
    labels[`${prefix}.product`] = `${group.product}-MIG-${profile}`;
    labels[`${prefix}.memory`] = String(Number(/\.(\d+)gb/.exec(profile)?.[1] ?? 0) * 1024 - 512);
    labels[`${prefix}.replicas`] = '1';
    labels[`${prefix}.sharing-strategy`] = 'none';
    labels[`${prefix}.slices.gi`] = /^(\d+)g/.exec(profile)?.[1] ?? '0';
    labels[`${prefix}.slices.ci`] = /^(\d+)g/.exec(profile)?.[1] ?? '0';
  }
  return labels;
}
