import type { Mismatch } from '../../metering/index.ts';
import { eventPrefix } from '../outbox/event-name.ts';

/** The charges of one tenant and SKU in one calendar month; GPU-seconds. */
export interface MonthCharges {
  readonly tenant: string;
  readonly sku: string;
  /** The month's first moment, milliseconds since 1970. */
  readonly start: number;
  /** `from` is what the month held before; null where the price did not depend on it when it was charged. */
  readonly charges: readonly { readonly from: bigint | null; readonly quantity: bigint }[];
}

/**
 * Whether the charges of a month that depend on each other fit together: each begins where another ended, the first of all
 * at nothing. Then their amounts add up to what the whole month costs, in whatever order they were made. Where the price
 * became dependent in mid-month, what was charged before stands at no place of its own, and nothing can be said.
 */
export function checkMonth({ tenant, sku, start, charges }: MonthCharges): readonly Mismatch[] {
  if (charges.some(({ from, quantity }) => from === null && quantity !== 0n)) return [];
  const ends = new Map<bigint, number>();
  const count = (at: bigint, change: number): void => void ends.set(at, (ends.get(at) ?? 0) + change);
  let total = 0n;
  for (const { from, quantity } of charges) {
    if (from === null) continue;
    count(from, 1);
    count(from + quantity, -1);
    total += quantity;
  }
  count(0n, -1);
  count(total, 1);
  const loose = [...ends].filter(([, left]) => left !== 0).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const [first] = loose;
  if (first === undefined) return [];
  const [at, left] = first;
  const [wanted, there] = left > 0 ? ['ends', 'begins'] : ['begins', 'ends'];
  return [
    {
      ...{ tenant, meter: eventPrefix + sku, windowStart: new Date(start).toISOString(), kind: 'charge' },
      ...{ expected: `a charge that ${wanted} at ${at} of the month`, found: `one that ${there} there` },
    },
  ];
}
