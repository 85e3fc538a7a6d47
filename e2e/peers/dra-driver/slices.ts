import { counterSet, dynamicDevice, type Gpu, profileNamed, staticDevice, wholeDevice } from './devices.ts';
import { PROFILES } from './gpu-model.ts';
import type { Device, ResourceSlice } from './wire.ts';

/** NVIDIA's driver of GPUs. */
export const DRIVER = 'gpu.nvidia.com';

/** How the GPUs of a node are offered: whole, cut into MIG devices that exist, or cut on demand. */
export type Mode = 'full' | 'static' | 'dynamic';

/** A node that the peer plays. */
export interface DraNodeSpec {
  readonly node: string;
  readonly mode: Mode;
  readonly gpus: number;
  /** MIG devices of every GPU in mode static; default is two of 3g.40gb. */
  readonly partition?: Gpu['partition'];
}

/** A taint of a device, by which the driver reports ill health. */
export interface DeviceIll {
  readonly key: string;
  readonly value?: string;
  readonly effect: 'NoSchedule' | 'NoExecute';
}

/** What a node publishes besides its hardware. */
export interface Publication {
  readonly generation: number;
  /** Taints by device name. */
  readonly taints: ReadonlyMap<string, DeviceIll>;
}

/** Everything that a node publishes, as the driver does from Kubernetes 1.35 on: counters and devices in slices of their own. */
export function slicesOf(spec: DraNodeSpec, { generation, taints }: Publication): readonly ResourceSlice[] {
  const gpus = gpusOf(spec);
  const withTaints = (devices: readonly Device[]): readonly Device[] =>
    devices.map((device) => {
      const taint = taints.get(device.name);
      return taint === undefined ? device : { ...device, taints: [taint] };
    });
  const parts: readonly Pick<ResourceSlice['spec'], 'devices' | 'sharedCounters'>[] =
    spec.mode === 'dynamic'
      ? [{ sharedCounters: gpus.map(counterSet) }, ...gpus.map((gpu) => ({ devices: withTaints(dynamicDevices(gpu)) }))]
      : [{ devices: withTaints(gpus.flatMap((gpu) => plainDevices(spec.mode, gpu))) }];
  return parts.map((part, at) => ({
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceSlice',
    metadata: { name: `${spec.node}-${DRIVER}-${at}`, labels: { 'gpuoptimizer.io/peer': 'dra-driver' } },
    spec: {
      driver: DRIVER,
      nodeName: spec.node,
      pool: { name: spec.node, generation, resourceSliceCount: parts.length },
      ...part,
    },
  }));
}

/** The names of the devices of a node, with what each takes of the counters that it shares. */
export function devicesOf(spec: DraNodeSpec): readonly Device[] {
  return gpusOf(spec).flatMap((gpu) => (spec.mode === 'dynamic' ? dynamicDevices(gpu) : plainDevices(spec.mode, gpu)));
}

function gpusOf({ node, gpus, mode, partition }: DraNodeSpec): readonly Gpu[] {
  const cut = mode === 'static' ? (partition ?? [0, 4].map((start) => ({ profile: '3g.40gb', start }))) : [];
  return Array.from({ length: gpus }, (_, minor) => ({ node, minor, partition: cut }));
}

/** In the order of their names, which is the order in which kube-scheduler tries them. */
function dynamicDevices(gpu: Gpu): readonly Device[] {
  const parts = PROFILES.flatMap((profile) => profile.starts.map((start) => dynamicDevice(gpu, profile, start)));
  return [wholeDevice(gpu, 'counters'), ...parts].sort((left, right) => (left.name < right.name ? -1 : 1));
}

function plainDevices(mode: Mode, gpu: Gpu): readonly Device[] {
  if (mode === 'full') return [wholeDevice(gpu, 'plain')];
  return gpu.partition.map(({ profile, start }) => staticDevice(gpu, profileNamed(profile), start));
}
