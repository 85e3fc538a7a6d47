/** From when to when a node had how many GPUs; pure. Times in milliseconds since 1970. */

/** The physical GPUs of a node. */
export interface NodeCapacity {
  readonly node: string;
  readonly model: string;
  readonly gpus: number;
  /** The label topology.kubernetes.io/region; absent where the node has none. */
  readonly region?: string;
}

/** A capacity of the store that has no end yet. */
export interface OpenCapacity extends NodeCapacity {
  readonly openedAt: number;
}

/** What one pass writes. */
export interface CapacityPlan {
  readonly close: readonly { readonly node: string; readonly at: number }[];
  readonly open: readonly OpenCapacity[];
}

/**
 * A capacity begins when it is seen and ends when another is seen, or with the pass before (`before`, absent on the first
 * ever) where the node is gone: time that nobody saw is no tenant's share of unused time.
 */
export function decide(
  seen: readonly NodeCapacity[],
  open: readonly OpenCapacity[],
  { now, before }: { readonly now: number; readonly before?: number },
): CapacityPlan {
  const present = new Map(seen.map((one) => [one.node, one]));
  const known = new Map(open.map((one) => [one.node, one]));
  const close = open.flatMap((one) => {
    const found = present.get(one.node);
    if (found !== undefined && isSame(found, one)) return [];
    const end = found === undefined ? (before ?? now) : now;
    return [{ node: one.node, at: Math.max(end, one.openedAt) }];
  });
  const fresh = seen.filter((one) => {
    const stored = known.get(one.node);
    return stored === undefined || !isSame(one, stored);
  });
  return { close, open: fresh.map((one) => ({ ...one, openedAt: now })) };
}

function isSame(a: NodeCapacity, b: NodeCapacity): boolean {
  return a.model === b.model && a.gpus === b.gpus && a.region === b.region;
}
