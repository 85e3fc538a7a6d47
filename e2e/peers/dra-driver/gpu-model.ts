/** What NVML says of the GPU that the peer plays: an H100 with 80 GB, as `nvidia-smi mig -lgip` and `-lgipp` print it. */

/** Engines and memory of a GPU or of a part of it. */
export interface Engines {
  readonly multiprocessors: number;
  readonly copyEngines: number;
  readonly decoders: number;
  readonly encoders: number;
  readonly jpegEngines: number;
  readonly ofaEngines: number;
  /** In MiB. */
  readonly memoryMiB: number;
}

/** A MIG profile and where it may sit. */
export interface Profile {
  readonly name: string;
  /** GPU instance profile id. */
  readonly id: number;
  readonly slices: number;
  readonly starts: readonly number[];
  readonly engines: Engines;
}

const engines = (
  multiprocessors: number,
  copyEngines: number,
  decoders: number,
  ofaEngines: number,
  memoryMiB: number,
): Engines => ({
  multiprocessors,
  copyEngines,
  decoders,
  encoders: 0,
  jpegEngines: decoders,
  ofaEngines,
  memoryMiB,
});

/** NVML's name of the GPU. */
export const PRODUCT_NAME = 'NVIDIA H100 80GB HBM3';
/** Memory slices of the GPU. */
export const MEMORY_SLICES = 8;

/** Its MIG profiles. */
export const PROFILES: readonly Profile[] = [
  { name: '1g.10gb', id: 19, slices: 1, starts: [0, 1, 2, 3, 4, 5, 6], engines: engines(16, 1, 1, 0, 9_984) },
  { name: '1g.10gb+me', id: 20, slices: 1, starts: [0, 1, 2, 3, 4, 5, 6], engines: engines(16, 1, 1, 1, 9_984) },
  { name: '1g.20gb', id: 15, slices: 2, starts: [0, 2, 4, 6], engines: engines(26, 1, 1, 0, 20_096) },
  { name: '2g.20gb', id: 14, slices: 2, starts: [0, 2, 4], engines: engines(32, 2, 2, 0, 20_096) },
  { name: '3g.40gb', id: 9, slices: 4, starts: [0, 4], engines: engines(60, 3, 3, 0, 40_448) },
  { name: '4g.40gb', id: 5, slices: 4, starts: [0], engines: engines(64, 4, 4, 0, 40_448) },
  { name: '7g.80gb', id: 0, slices: 8, starts: [0], engines: engines(132, 8, 7, 1, 81_152) },
];

/** The whole GPU: the most that any profile has of each. */
export const WHOLE: Engines = engines(132, 8, 7, 1, 81_152);
