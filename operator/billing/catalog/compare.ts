import type { TieredPrice } from '../rating/stored.ts';
import type { WantedPrice } from './wanted.ts';

/** A price as the provider states it. */
export interface FoundPrice {
  readonly id: string;
  readonly key: string | null;
  readonly active: boolean;
  readonly currency: string;
  readonly product: string;
  /** The id of its meter; null where it is not charged by usage. */
  readonly meter: string | null;
  readonly monthly: boolean;
  /** Undefined where it is in a form that this project never makes, such as an amount for each tier. */
  readonly price: TieredPrice | undefined;
}

/** A product as the provider states it. */
export interface FoundProduct {
  readonly id: string;
  readonly active: boolean;
}

/** How a price at the provider is not what is rated here, as a sentence without a subject; undefined where it is the same. */
export function difference(wanted: WantedPrice, found: FoundPrice, meter: string | undefined): string | undefined {
  const checks: readonly (readonly [boolean, string])[] = [
    [found.key !== wanted.key, 'has lost its lookup key; give it back, or archive the price and delete its metadata'],
    [!found.active, 'is archived; activate it'],
    [found.currency !== wanted.currency, `is in ${found.currency} and not in ${wanted.currency}`],
    [found.product !== wanted.product, `belongs to product ${found.product} and not to ${wanted.product}`],
    [!found.monthly, 'is not charged each month'],
    [
      found.meter !== meter,
      `counts meter ${found.meter ?? 'none'} and not ${meter ?? 'an active one'} of ${wanted.eventName}`,
    ],
    [!isSame(wanted, found.price), 'has other amounts than the PriceBook and the BillingPlan say'],
  ];
  return checks.find(([isOff]) => isOff)?.[1];
}

function isSame(wanted: TieredPrice, found: TieredPrice | undefined): boolean {
  if (found === undefined || found.tiers.length !== wanted.tiers.length) return false;
  // With one tier both modes say the same.
  if (wanted.tiers.length > 1 && found.mode !== wanted.mode) return false;
  return wanted.tiers.every(({ upTo, unitPrice }, index) => {
    const other = found.tiers[index];
    return other?.upTo === upTo && other?.unitPrice === unitPrice;
  });
}
