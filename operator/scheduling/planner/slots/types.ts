import type { Cut, SlotProfile } from './geometry.ts';

/** A GPU model for slots. */
export interface SlotGeometry {
  readonly memorySlots: number;
  readonly computeSlices: number;
  readonly profiles: readonly SlotProfile[];
}

/** A node whose GPUs are all cut on demand. */
export interface SlotNode {
  readonly name: string;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly gpus: number;
}

/** A pod that asks for one profile, or for several whole GPUs of a node (the profile that takes all). */
export interface SlotPod {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** Profile, or -1 for a pod without GPU. */
  readonly profile: number;
  readonly count: number;
}

/** What is free on nodes with cut GPUs. */
export interface SlotFleet {
  readonly nodes: readonly SlotNode[];
  readonly cpuFree: Float64Array;
  readonly memoryFree: Float64Array;
  /** Free slots by GPU; those of node n from `from[n]` to `from[n + 1]`. */
  readonly free: Int32Array;
  readonly from: Int32Array;
  /** Counts the changes of a node. */
  readonly version: Uint32Array;
}

/** A cut with its score. */
export interface ScoredCut {
  readonly cut: Cut;
  readonly score: number;
}

/** Where on a node a pod would go, with its score. */
export interface NodeCuts {
  readonly cuts: readonly { readonly gpu: number; readonly cut: Cut }[];
  readonly score: number;
}

/** A way to choose a slot; higher scores are better, and ties go to the first node, GPU and start. */
export interface SlotPolicy {
  /** The best cut of a profile on a GPU that has `free`, or null where it does not fit. */
  readonly best: (profile: number, free: number) => ScoredCut | null;
  /** The best cuts of a pod on a node that has its CPU and memory, for policies that look beyond one GPU. */
  readonly onNode?: (fleet: SlotFleet, node: number, pod: SlotPod) => NodeCuts | undefined;
  readonly learn: (pod: SlotPod) => void;
  /** Called now and then. */
  readonly settle: () => void;
}
