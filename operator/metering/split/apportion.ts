/**
 * Cuts a whole number in proportion to weights by the method of largest remainders: the parts add up to it exactly, and
 * none is further than one from its true share. What is left over goes to the largest remainders, in the order of keys
 * where they are equal, so that the order of the weights changes nothing. Neither the whole nor a weight is negative.
 */
export function apportion(whole: bigint, weights: ReadonlyMap<string, bigint>): ReadonlyMap<string, bigint> {
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0n);
  if (whole === 0n) return new Map([...weights.keys()].map((key) => [key, 0n]));
  if (total <= 0n) throw new RangeError(`${whole} cannot be cut: no weight is above 0`);
  const cuts = [...weights].map(([key, weight]) => ({
    key,
    part: (whole * weight) / total,
    rest: (whole * weight) % total,
  }));
  const left = whole - cuts.reduce((sum, { part }) => sum + part, 0n);
  const order = cuts.toSorted((a, b) => (a.rest === b.rest ? byKey(a.key, b.key) : a.rest > b.rest ? -1 : 1));
  const raised = new Set(order.slice(0, Number(left)).map(({ key }) => key));
  return new Map(cuts.map(({ key, part }) => [key, raised.has(key) ? part + 1n : part]));
}

function byKey(a: string, b: string): number {
  return a < b ? -1 : 1;
}
