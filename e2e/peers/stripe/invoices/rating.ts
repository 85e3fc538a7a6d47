import type { Price, Tier } from '../catalog/records.ts';

/** What one line of an invoice charges. */
export interface Rated {
  readonly quantity: bigint;
  /** Minor units. */
  readonly amount: number;
  readonly unitAmount: string | null;
  /** From 1; absent where the price has no tiers. */
  readonly tier?: number;
}

const places = 12;
const one = 10n ** BigInt(places);

/** Minor units of 12 decimals as an integer. */
export function exact(decimal: string): bigint {
  const [whole = '0', fraction = ''] = decimal.replace('-', '').split('.');
  const value = BigInt(whole) * one + BigInt(fraction.padEnd(places, '0').slice(0, places));
  return decimal.startsWith('-') ? -value : value;
}

/** Whole minor units, halves away from zero. */
export function rounded(exactMinor: bigint): number {
  const size = exactMinor < 0n ? -exactMinor : exactMinor;
  const whole = Number((size * 2n + one) / (one * 2n));
  return exactMinor < 0n ? -whole : whole;
}

/**
 * What a quantity costs. Each tier of a graduated price is a line of its own and rounded by itself; a volume price charges
 * all units by the tier that the quantity reaches (https://docs.stripe.com/billing/subscriptions/usage-based). A negative
 * quantity costs nothing.
 */
export function rate(price: Price, quantity: bigint): readonly Rated[] {
  const units = quantity < 0n ? 0n : quantity;
  if (price.billing_scheme === 'per_unit') {
    return [
      { quantity: units, ...charge(units, price.unit_amount_decimal, null), unitAmount: price.unit_amount_decimal },
    ];
  }
  const tiers = price.tiers ?? [];
  return price.tiers_mode === 'volume' ? volume(tiers, units) : graduated(tiers, units);
}

function volume(tiers: readonly Tier[], units: bigint): readonly Rated[] {
  const index = tiers.findIndex(({ up_to }) => up_to === null || units <= BigInt(up_to));
  const tier = tiers[index];
  if (tier === undefined) return [];
  return [
    {
      quantity: units,
      ...charge(units, tier.unit_amount_decimal, tier.flat_amount_decimal),
      unitAmount: tier.unit_amount_decimal,
      tier: index + 1,
    },
  ];
}

function graduated(tiers: readonly Tier[], units: bigint): readonly Rated[] {
  let from = 0n;
  return tiers.flatMap((tier, index) => {
    const to = tier.up_to === null || units < BigInt(tier.up_to) ? units : BigInt(tier.up_to);
    const within = to > from ? to - from : 0n;
    from = tier.up_to === null ? from : BigInt(tier.up_to);
    if (within === 0n && index > 0) return [];
    const cost = charge(within, tier.unit_amount_decimal, tier.flat_amount_decimal);
    return [{ quantity: within, ...cost, unitAmount: tier.unit_amount_decimal, tier: index + 1 }];
  });
}

function charge(units: bigint, unit: string | null, flat: string | null): { readonly amount: number } {
  return { amount: rounded(units * exact(unit ?? '0') + exact(flat ?? '0')) };
}
