/** Name of the extended resource of whole GPUs, and of time-slices where the device plugin renames them. */
export const WHOLE = 'nvidia.com/gpu';
/** See WHOLE. */
export const SHARED = 'nvidia.com/gpu.shared';

/** How the GPUs of a group of nodes are offered. */
export type GroupSharing =
  | { readonly kind: 'exclusive' }
  | { readonly kind: 'time-slicing'; readonly replicas: number }
  /** Strategy mixed: devices by profile for a whole node, and the GPUs that stay whole. */
  | {
      readonly kind: 'mig';
      readonly config: string;
      readonly devices: Readonly<Record<string, number>>;
      readonly wholeGpus: number;
    };

/** Nodes that are alike. */
export interface NodeGroup {
  /** Also the name of the GPUPool that is meant to select them. */
  readonly name: string;
  readonly pool: string;
  /** Label nvidia.com/gpu.product as GPU Feature Discovery writes it. */
  readonly product: string;
  readonly family: 'hopper' | 'ampere' | 'ada-lovelace' | 'turing';
  readonly compute: readonly [major: number, minor: number];
  readonly memoryMiB: number;
  readonly gpusPerNode: number;
  readonly cpus: number;
  readonly nodeMemoryGiB: number;
  readonly instanceType: string;
  readonly sharing: GroupSharing;
  /** Nodes of the group in the default fleet of 24; larger fleets keep the proportion. */
  readonly share: number;
}

const H100 = { product: 'NVIDIA-H100-80GB-HBM3', family: 'hopper', compute: [9, 0], memoryMiB: 81559 } as const;
const A100 = { product: 'NVIDIA-A100-SXM4-80GB', family: 'ampere', compute: [8, 0], memoryMiB: 81920 } as const;
const L4 = { product: 'NVIDIA-L4', family: 'ada-lovelace', compute: [8, 9], memoryMiB: 23034 } as const;
const T4 = { product: 'Tesla-T4', family: 'turing', compute: [7, 5], memoryMiB: 15360 } as const;

const P5 = { gpusPerNode: 8, cpus: 192, nodeMemoryGiB: 2048, instanceType: 'p5.48xlarge' } as const;
const P4 = { gpusPerNode: 8, cpus: 96, nodeMemoryGiB: 1152, instanceType: 'p4de.24xlarge' } as const;
const G6 = { gpusPerNode: 4, cpus: 48, nodeMemoryGiB: 192, instanceType: 'g6.12xlarge' } as const;
const G4 = { gpusPerNode: 2, cpus: 32, nodeMemoryGiB: 128, instanceType: 'n1-standard-32' } as const;

/** The mixed fleet: 24 nodes and 142 GPUs when every group has its share. */
export const GROUPS: readonly NodeGroup[] = [
  { name: 'h100', pool: 'h100', ...H100, ...P5, sharing: { kind: 'exclusive' }, share: 8 },
  { name: 'a100', pool: 'a100', ...A100, ...P4, sharing: { kind: 'exclusive' }, share: 4 },
  {
    name: 'a100-balanced',
    pool: 'a100-mig',
    ...A100,
    ...P4,
    sharing: {
      kind: 'mig',
      config: 'all-balanced',
      devices: { '1g.10gb': 16, '2g.20gb': 8, '3g.40gb': 8 },
      wholeGpus: 0,
    },
    share: 1,
  },
  {
    name: 'a100-half',
    pool: 'a100-mig',
    ...A100,
    ...P4,
    sharing: { kind: 'mig', config: 'half-1g.10gb', devices: { '1g.10gb': 28 }, wholeGpus: 4 },
    share: 1,
  },
  { name: 'l4', pool: 'l4', ...L4, ...G6, sharing: { kind: 'exclusive' }, share: 3 },
  { name: 'l4-shared', pool: 'l4-shared', ...L4, ...G6, sharing: { kind: 'time-slicing', replicas: 4 }, share: 2 },
  { name: 't4', pool: 't4', ...T4, ...G4, sharing: { kind: 'exclusive' }, share: 5 },
];

/** Nodes in the default fleet. */
export const DEFAULT_NODES = GROUPS.reduce((sum, group) => sum + group.share, 0);

/**
 * How many nodes of each group a fleet of `nodes` has: proportional to the shares, rests to the largest remainders, the
 * earlier group first among equals.
 */
export function groupSizes(nodes: number): ReadonlyMap<string, number> {
  const exact = GROUPS.map((group) => ({ name: group.name, wanted: (nodes * group.share) / DEFAULT_NODES }));
  const sizes = new Map(exact.map(({ name, wanted }) => [name, Math.floor(wanted)]));
  const rest = nodes - [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const byRemainder = [...exact].sort((left, right) => (right.wanted % 1) - (left.wanted % 1));
  for (const { name } of byRemainder.slice(0, rest)) sizes.set(name, (sizes.get(name) ?? 0) + 1);
  return sizes;
}
