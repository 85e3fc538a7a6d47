/**
 * What a quantity of one SKU costs in one period; pure and exact. Quantities are GPU-seconds, prices and amounts minor units
 * in the scale of money/decimal.ts.
 *
 * Windows are rated one after the other, each at what the period costs more with it than without it. So the sum over a
 * period is what all of it costs at once, in whatever order windows and their revisions come.
 */

/** A part of a period's quantity and what each second of it costs. */
export interface Tier {
  /** The last GPU-second of the tier; absent for the last tier, which has no end. */
  readonly upTo?: bigint;
  readonly unitPrice: bigint;
}

/** How a SKU is rated for a tenant. */
export interface Rating {
  /** Graduated: each second at the price of its own tier. Volume: all at the price of the tier that the total reaches. */
  readonly mode: 'Graduated' | 'Volume';
  /** Rising; the last without an end. One tier is a flat price. */
  readonly tiers: readonly Tier[];
  /** GPU-seconds of a period that cost nothing; tiers count from after them. */
  readonly included: bigint;
}

/** What a whole period's quantity costs. A period that corrections have made negative costs nothing. */
export function rate({ mode, tiers, included }: Rating, quantity: bigint): bigint {
  const units = quantity > included ? quantity - included : 0n;
  return mode === 'Volume' ? volume(tiers, units) : graduated(tiers, units);
}

/** What `quantity` costs where the period had `before`; negative where it takes back. */
export function marginal(rating: Rating, before: bigint, quantity: bigint): bigint {
  return rate(rating, before + quantity) - rate(rating, before);
}

/** What a window of `quantity` costs where its period had `before`; at a flat price with nothing included, that does not matter. */
export function cost(rating: Rating, before: bigint, quantity: bigint): bigint {
  return dependsOnPeriod(rating) ? marginal(rating, before, quantity) : quantity * (rating.tiers[0]?.unitPrice ?? 0n);
}

/** Whether what a window costs depends on what else the period holds. */
export function dependsOnPeriod({ tiers, included }: Rating): boolean {
  return tiers.length > 1 || included > 0n;
}

function volume(tiers: readonly Tier[], units: bigint): bigint {
  const tier = tiers.find(({ upTo }) => upTo === undefined || units <= upTo);
  return units * (tier?.unitPrice ?? 0n);
}

function graduated(tiers: readonly Tier[], units: bigint): bigint {
  let below = 0n;
  let amount = 0n;
  for (const { upTo, unitPrice } of tiers) {
    const end = upTo === undefined || units < upTo ? units : upTo;
    if (end <= below) break;
    amount += (end - below) * unitPrice;
    below = end;
  }
  return amount;
}
