import type { Compiled } from './demand.ts';
import type { ShapeCount } from './types.ts';

/** Score of a node where the demand does not fit. */
export const NO_FIT = -1;

/** What a demand pays to be on a node beyond the node's score: a group of each node, and an amount for each group. */
export interface Toll {
  readonly groupOf: Int32Array;
  readonly byGroup: Int32Array;
}

/**
 * A packing policy over one snapshot. A score may depend on the node's state, the demand's CPU and GPUs, and what the
 * policy learned before `epoch` last changed; nothing else, for scores are cached under exactly these.
 */
export interface Scorer {
  /** Changed by a policy that learns, to say that cached scores are void. */
  readonly epoch: number;
  /** An integer, higher is better, or NO_FIT. Memory, pod count and eligibility are the caller's. */
  score(node: number, demand: Compiled): number;
  /** GPUs to use on the chosen node, or undefined for the tightest fit. */
  gpus(node: number, demand: Compiled): readonly number[] | undefined;
  /** What is free on a node is worth, in thousandths of a GPU; undefined where the policy has no such measure. */
  value?(node: number): number;
  /**
   * Tells a policy that learns of a pod that arrived, once. `models` are those it is confined to. It is only counted:
   * scores stay as they are until `settle`.
   */
  learn?(demand: Compiled, models: readonly string[] | undefined): void;
  /** Does one step of what learning left to do; false when nothing is due. Scores change once a whole cycle is done. */
  settle?(): boolean;
  /** All that was learned: `typical` of a policy that is to go on from here. */
  learned?(): readonly ShapeCount[];
  /** Subtracted from the scores of this demand; unlike them it is asked for anew for each pod. */
  toll?(demand: Compiled): Toll | undefined;
}
