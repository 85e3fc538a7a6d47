import type { Compiled } from './demand.ts';

/** Score of a node where the demand does not fit. */
export const NO_FIT = -1;

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
}
