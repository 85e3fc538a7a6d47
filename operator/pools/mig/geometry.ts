/**
 * MIG geometry as `nvidia-smi mig -lgipp` prints it on real GPUs. The mocks of go-nvml differ for H100, H200 and B200;
 * a table that agrees with them is wrong.
 */

/** One profile of a geometry, without memory size, which depends on the model. */
export interface ProfileShape {
  /** Column of the memory table that names its size. */
  readonly size: MemorySize;
  /** Attribute in the name, such as `me` (media engines). */
  readonly attribute?: string;
  readonly compute: number;
  readonly memorySlots: number;
  /** Memory slots at which it may start. */
  readonly starts: readonly number[];
  readonly max: number;
  /** GPU instance profile id, where known. */
  readonly giProfileId?: number;
}

/** The sizes of a geometry that have a memory size of their own; `1g2` is the 1g profile with double memory. */
export type MemorySize = '1g' | '1g2' | '2g' | '3g' | '4g' | '7g';

/** How a kind of GPU can be cut. */
export interface Geometry {
  readonly computeSlices: number;
  readonly memorySlots: number;
  readonly profiles: readonly ProfileShape[];
  /** False where the placements are unknown and layouts must come from the vendor's list. */
  readonly placementsKnown: boolean;
}

/** A100, H100, H200, GH200, B200, GB200, B300, GB300 and H20. */
export const SEVEN_SLICES: Geometry = {
  computeSlices: 7,
  memorySlots: 8,
  placementsKnown: true,
  profiles: [
    { size: '1g', compute: 1, memorySlots: 1, starts: [0, 1, 2, 3, 4, 5, 6], max: 7, giProfileId: 19 },
    { size: '1g', attribute: 'me', compute: 1, memorySlots: 1, starts: [0, 1, 2, 3, 4, 5, 6], max: 1, giProfileId: 20 },
    { size: '1g2', compute: 1, memorySlots: 2, starts: [0, 2, 4, 6], max: 4, giProfileId: 15 },
    { size: '2g', compute: 2, memorySlots: 2, starts: [0, 2, 4], max: 3, giProfileId: 14 },
    { size: '3g', compute: 3, memorySlots: 4, starts: [0, 4], max: 2, giProfileId: 9 },
    { size: '4g', compute: 4, memorySlots: 4, starts: [0], max: 1, giProfileId: 5 },
    { size: '7g', compute: 7, memorySlots: 8, starts: [0], max: 1, giProfileId: 0 },
  ],
};

/** A30. */
export const FOUR_SLICES: Geometry = {
  computeSlices: 4,
  memorySlots: 4,
  placementsKnown: true,
  profiles: [
    { size: '1g', compute: 1, memorySlots: 1, starts: [0, 1, 2, 3], max: 4 },
    { size: '1g', attribute: 'me', compute: 1, memorySlots: 1, starts: [0, 1, 2, 3], max: 1 },
    { size: '2g', compute: 2, memorySlots: 2, starts: [0, 2], max: 2 },
    { size: '2g', attribute: 'me', compute: 2, memorySlots: 2, starts: [0, 2], max: 1 },
    { size: '4g', compute: 4, memorySlots: 4, starts: [0], max: 1 },
  ],
};

/** RTX PRO 6000: the counts are known, the placements are not, so only static layouts are safe. */
export const RTX_PRO_6000: Geometry = {
  computeSlices: 4,
  memorySlots: 4,
  placementsKnown: false,
  profiles: [
    { size: '1g', compute: 1, memorySlots: 1, starts: [], max: 4 },
    { size: '2g', compute: 2, memorySlots: 2, starts: [], max: 2 },
    { size: '4g', compute: 4, memorySlots: 4, starts: [], max: 1 },
  ],
};

/** A GPU model that MIG can cut. */
export interface MigModel {
  readonly name: string;
  /** Matches the label `nvidia.com/gpu.product`. */
  readonly product: RegExp;
  /** Memory of the whole GPU in GB, which tells variants of one product apart. */
  readonly totalGb: number;
  readonly geometry: Geometry;
  /** Size of a profile in GB as it stands in its name. */
  readonly gb: Readonly<Partial<Record<MemorySize, number>>>;
}

function seven(
  name: string,
  product: RegExp,
  sizes: readonly [number, number, number, number, number, number],
): MigModel {
  const [one, double, two, three, four, all] = sizes;
  const gb = { '1g': one, '1g2': double, '2g': two, '3g': three, '4g': four, '7g': all };
  return { name, product, totalGb: all, geometry: SEVEN_SLICES, gb };
}

/** Every model known; variants of one product are told apart by memory. */
export const MIG_MODELS: readonly MigModel[] = [
  seven('A100-40', /\bA100\b/, [5, 10, 10, 20, 20, 40]),
  seven('A100-80', /\bA100\b/, [10, 20, 20, 40, 40, 80]),
  seven('GH200-96', /\bGH200\b/, [12, 24, 24, 48, 48, 96]),
  seven('GH200-144', /\bGH200\b/, [18, 36, 36, 72, 72, 144]),
  seven('H200-141', /\bH200\b/, [18, 35, 35, 71, 71, 141]),
  seven('H20', /\bH20\b/, [12, 24, 24, 48, 48, 96]),
  seven('H100-80', /\bH100\b/, [10, 20, 20, 40, 40, 80]),
  seven('H100-NVL-94', /\bH100\b/, [12, 24, 24, 47, 47, 94]),
  seven('H100-96', /\bH100\b/, [12, 24, 24, 48, 48, 96]),
  seven('B200', /\bB200\b/, [23, 45, 45, 90, 90, 180]),
  seven('GB200', /\bGB200\b/, [23, 47, 47, 93, 93, 186]),
  seven('GB200-189', /\bGB200\b/, [23, 47, 47, 95, 95, 189]),
  seven('B300', /\bB300\b/, [34, 67, 67, 135, 135, 269]),
  seven('GB300', /\bGB300\b/, [35, 70, 70, 139, 139, 278]),
  { name: 'A30', product: /\bA30\b/, totalGb: 24, geometry: FOUR_SLICES, gb: { '1g': 6, '2g': 12, '4g': 24 } },
  {
    name: 'RTX-PRO-6000',
    product: /\bRTX-PRO-6000\b/,
    totalGb: 96,
    geometry: RTX_PRO_6000,
    gb: { '1g': 24, '2g': 48, '4g': 96 },
  },
];
