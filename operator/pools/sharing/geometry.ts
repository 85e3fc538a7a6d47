import type { Node } from '../../kube/index.ts';
import { type NodeGpus, nodeGpus } from '../nvidia/node-gpus.ts';

/** MIG devices on one GPU by the name of their profile; none on a GPU that is whole. */
export type GpuCut = Readonly<Record<string, number>>;

/** How the GPUs of one node are shared, and by which labels NVIDIA's components are told so. */
export interface Geometry {
  /** Physical GPUs. */
  readonly gpus: number;
  readonly strategy: 'None' | 'TimeSlicing' | 'MPS';
  /** Pods that share one whole GPU; 1 without sharing. */
  readonly replicas: number;
  /** The cut of each GPU by its index; absent where it is not known, or the GPUs cannot be cut. */
  readonly layout?: readonly GpuCut[];
  /** What it hands out, where the layout does not tell. */
  readonly offer?: Offer;
  /** Value of the label `nvidia.com/mig.config`; absent where mig-manager has nothing to do. */
  readonly mig?: string;
  /** Value of the label `nvidia.com/device-plugin.config`; absent for the plugin's default. */
  readonly plugin?: string;
}

/** What a node hands out. */
export interface Offer {
  readonly strategy: Geometry['strategy'];
  readonly replicas: number;
  /** Physical GPUs that are whole. */
  readonly whole: number;
  /** MIG devices by the name of their resource. */
  readonly slices: Readonly<Record<string, number>>;
}

/** The resource under which the device plugin advertises a profile: `+` becomes `.`. */
export function resourceOf(profile: string): string {
  return `nvidia.com/mig-${profile.replace('+', '.')}`;
}

/** What a node hands out once it is shared so. */
export function offerOf({ gpus, strategy, replicas, layout = [], offer }: Geometry): Offer {
  if (offer !== undefined) return offer;
  const slices: Record<string, number> = {};
  for (const cut of layout) {
    for (const [profile, count] of Object.entries(cut)) {
      slices[resourceOf(profile)] = (slices[resourceOf(profile)] ?? 0) + count;
    }
  }
  const cuts = layout.filter((cut) => !isWhole(cut)).length;
  return { strategy, replicas, whole: gpus - cuts, slices };
}

/** Whether a GPU has no MIG devices. */
export function isWhole(cut: GpuCut): boolean {
  return Object.values(cut).every((count) => count === 0);
}

/** What a node hands out now, as its labels and allocatable resources say. */
export function currentOffer(gpus: NodeGpus): Offer {
  const shared = gpus.sharing === 'TimeSlicing' || gpus.sharing === 'MPS';
  return {
    strategy: gpus.sharing === 'TimeSlicing' || gpus.sharing === 'MPS' ? gpus.sharing : 'None',
    replicas: shared ? gpus.replicas : 1,
    whole: gpus.whole.count,
    slices: Object.fromEntries(gpus.slices.map(({ name, count }) => [name, count])),
  };
}

/** Whether two offers are one. */
export function sameOffer(left: Offer, right: Offer): boolean {
  const names = new Set([...Object.keys(left.slices), ...Object.keys(right.slices)]);
  return (
    left.strategy === right.strategy &&
    left.replicas === right.replicas &&
    left.whole === right.whole &&
    [...names].every((name) => (left.slices[name] ?? 0) === (right.slices[name] ?? 0))
  );
}

/** An offer in words: `6 GPUs, 7 × mig-1g.10gb`. */
export function offerText({ strategy, replicas, whole, slices }: Offer): string {
  const shared = strategy === 'None' ? '' : ` under ${strategy} ×${replicas}`;
  const devices = Object.entries(slices)
    .filter(([, count]) => count > 0)
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, count]) => `${count} × ${name.replace('nvidia.com/', '')}`);
  const gpus = whole === 0 && devices.length > 0 ? [] : [`${whole} GPU${whole === 1 ? '' : 's'}${shared}`];
  return [...gpus, ...devices].join(', ');
}

/**
 * Whether the node advertises the geometry: the kubelet hands out exactly these devices, and GPU Feature Discovery counts
 * the same MIG devices. An old `success` of mig-manager proves nothing, which is why both are asked.
 */
export function advertises(node: Node, geometry: Geometry): boolean {
  const offer = offerOf(geometry);
  if (!sameOffer(currentOffer(nodeGpus(node)), offer)) return false;
  const labels = node.metadata.labels ?? {};
  return Object.entries(offer.slices).every(([name, count]) => labels[`${name}.count`] === String(count));
}

/** The resources whose holders sit on GPUs that change between two geometries. */
export interface Affected {
  /** Whoever holds one of these is on a GPU that changes. */
  readonly sure: readonly string[];
  /** Whoever holds one of these may be: the kubelet chose the device, and other GPUs offer the same. */
  readonly unsure: readonly string[];
}

const WHOLE = ['nvidia.com/gpu', 'nvidia.com/gpu.shared'];

/** Which holders a change touches. Without both layouts, or where the plugin itself is set up anew, all of them. */
export function affectedBy(from: Geometry, to: Geometry, resources: readonly string[]): Affected {
  const replugged = from.strategy !== to.strategy || from.replicas !== to.replicas;
  const { layout: before } = from;
  const { layout: after } = to;
  if (replugged || before === undefined || after === undefined || before.length !== after.length) {
    return { sure: [...new Set([...WHOLE, ...resources])].sort(), unsure: [] };
  }
  const changed = before.map((cut, index) => !sameCut(cut, after[index] ?? {}));
  const touched = new Set(before.flatMap((cut, index) => (changed[index] ? resourcesOf(cut) : [])));
  const untouched = new Set(before.flatMap((cut, index) => (changed[index] ? [] : resourcesOf(cut))));
  return {
    sure: [...touched].filter((name) => !untouched.has(name)).sort(),
    unsure: [...touched].filter((name) => untouched.has(name)).sort(),
  };
}

function resourcesOf(cut: GpuCut): readonly string[] {
  if (isWhole(cut)) return WHOLE;
  return Object.entries(cut).flatMap(([profile, count]) => (count > 0 ? [resourceOf(profile)] : []));
}

/** Whether two GPUs are cut alike. */
export function sameCut(left: GpuCut, right: GpuCut): boolean {
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].every(
    (profile) => (left[profile] ?? 0) === (right[profile] ?? 0),
  );
}
