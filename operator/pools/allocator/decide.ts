import type { GPUPool } from '../../api/index.ts';
import type { DeviceTaintRule } from '../../kube/index.ts';

/** A node of a pool that allocates its devices itself. */
export interface KeptNode {
  readonly node: string;
  readonly pool: GPUPool;
}

/** What is to be done about the rules. */
export interface RulePlan {
  /** Nodes whose devices kube-scheduler must not allocate. */
  readonly keep: readonly KeptNode[];
  /** Rules of ours for nodes that are in no such pool any more. */
  readonly remove: readonly DeviceTaintRule[];
}

/** Whether the operator allocates the devices of a pool. */
export function allocatesItself({ spec, metadata }: GPUPool): boolean {
  const { sharing } = spec;
  return (
    metadata.deletionTimestamp === undefined && sharing?.type === 'DRA' && sharing.dra?.allocator === 'GPUOptimizer'
  );
}

/** One rule for each node that publishes devices and whose pool allocates them itself. */
export function decide(
  nodes: readonly { readonly node: string; readonly pool?: GPUPool }[],
  rules: readonly DeviceTaintRule[],
): RulePlan {
  const keep = nodes.flatMap(({ node, pool }) => (pool !== undefined && allocatesItself(pool) ? [{ node, pool }] : []));
  const wanted = new Set(keep.map(({ node }) => node));
  return { keep, remove: rules.filter(({ spec }) => !wanted.has(spec.deviceSelector?.pool ?? '')) };
}
