import { createHash } from 'node:crypto';

import type { NodeFacts } from './world.ts';

/** One GPU of a node, or one MIG instance of it. */
export interface Device {
  readonly node: string;
  readonly index: number;
  readonly uuid: string;
  readonly instance?: { readonly id: number; readonly profile: string };
  /** Pods that the device plugin lets share it. */
  readonly slots: number;
  /** The extended resource it is advertised under. */
  readonly resource: string;
}

/**
 * The devices of a node by its labels and capacity: MIG GPUs first, then whole ones, as mig-manager's mixed configs
 * number them; each profile's instances are spread evenly over the MIG GPUs.
 */
export function devicesOf(node: NodeFacts): readonly Device[] {
  const replicas = Math.max(1, Number(node.labels['nvidia.com/gpu.replicas'] ?? '1'));
  const shared = Number(node.capacity['nvidia.com/gpu.shared'] ?? '0');
  const whole = Number(node.capacity['nvidia.com/gpu'] ?? '0');
  const mig = Object.entries(node.capacity).flatMap(([name, amount]) => {
    const profile = /^nvidia\.com\/mig-(.+)$/.exec(name)?.[1];
    return profile === undefined || Number(amount) === 0 ? [] : [{ profile, count: Number(amount) }];
  });
  const resource = shared > 0 ? 'nvidia.com/gpu.shared' : 'nvidia.com/gpu';
  const wholeGpus = Math.ceil((shared > 0 ? shared : whole) / replicas);
  const gpus = Number(node.labels['nvidia.com/gpu.count'] ?? String(wholeGpus));
  const migGpus = mig.length === 0 ? 0 : Math.max(1, gpus - wholeGpus);
  return [
    ...Array.from({ length: migGpus }, (_, index) => instancesOf(node.name, index, migGpus, mig)).flat(),
    ...Array.from({ length: wholeGpus }, (_, index) => ({
      node: node.name,
      index: migGpus + index,
      uuid: uuidOf(node.name, migGpus + index),
      slots: replicas,
      resource,
    })),
  ];
}

function instancesOf(
  node: string,
  index: number,
  migGpus: number,
  mig: readonly { readonly profile: string; readonly count: number }[],
): readonly Device[] {
  const profiles = mig.flatMap(({ profile, count }) => {
    const here = Math.floor(count / migGpus) + (index < count % migGpus ? 1 : 0);
    return Array.from({ length: here }, () => profile);
  });
  // NVIDIA numbers GPU instances from 1 on a GPU that is cut into several.
  return profiles.map((profile, position) => ({
    node,
    index,
    uuid: uuidOf(node, index),
    instance: { id: position + 1, profile },
    slots: 1,
    resource: `nvidia.com/mig-${profile}`,
  }));
}

/** A UUID in NVIDIA's form, the same for the same GPU at every start. */
function uuidOf(node: string, index: number): string {
  const hex = createHash('sha256').update(`${node}/${index}`).digest('hex');
  return `GPU-${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-')}`;
}
