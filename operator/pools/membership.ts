import type { GPUPool } from '../api/index.ts';
import { matchesSelector, type Node } from '../kube/index.ts';

/** Orders objects by age, then name: the order in which claims are settled. */
export function byAge(left: Aged, right: Aged): number {
  const ages = (left.metadata.creationTimestamp ?? '').localeCompare(right.metadata.creationTimestamp ?? '');
  return ages === 0 ? (left.metadata.name ?? '').localeCompare(right.metadata.name ?? '') : ages;
}

interface Aged {
  readonly metadata: { readonly name?: string; readonly creationTimestamp?: string };
}

/** Answers which pools select a node, oldest first; the first is the node's pool. A pool that is being deleted has none. */
export type PoolClaims = (node: Node) => readonly GPUPool[];

/** The claims of these pools. */
export function createPoolClaims(pools: readonly GPUPool[]): PoolClaims {
  const settled = pools.filter((pool) => pool.metadata.deletionTimestamp === undefined).sort(byAge);
  return (node) => settled.filter((pool) => matchesSelector(pool.spec.nodes.selector, node.metadata.labels));
}
