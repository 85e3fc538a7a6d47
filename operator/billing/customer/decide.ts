import { difference, type FoundPrice } from '../catalog/compare.ts';
import { named } from '../catalog/named.ts';
import { isSayable, type Unsayable, type WantedPrice } from '../catalog/wanted.ts';
import type { FoundMeter, FoundSubscription } from '../sinks/catalog.ts';

/** Stripe's limit of items. */
const mostPrices = 20;
/** Of prices that differ, as many are named. */
const mostNamed = 3;

/** Why nothing can be made, or how what was made is off. */
export interface Finding {
  readonly reason:
    | 'CatalogNotSet'
    | 'ProviderNotReady'
    | 'ListMissing'
    | 'PricesNotReady'
    | 'TooManyPrices'
    | 'CustomerDeleted'
    | 'SubscriptionEnded'
    | 'SubscriptionDiffers'
    | 'CustomerRefused';
  readonly message: string;
}

/** Findings that somebody caused at the provider. */
export const drifts: readonly Finding['reason'][] = ['CustomerDeleted', 'SubscriptionEnded', 'SubscriptionDiffers'];

/** The ids of the prices that a subscription needs, or what is in the way; pure. */
export function pricesOf(
  wanted: readonly (WantedPrice | Unsayable)[],
  found: ReadonlyMap<string, FoundPrice>,
  meters: ReadonlyMap<string, FoundMeter>,
): readonly string[] | Finding {
  const [first] = wanted;
  if (first === undefined) {
    const message = 'no version of the price list rates usage now; create a PriceBook, or correct the name of the list';
    return { reason: 'ListMissing', message };
  }
  if (wanted.length > mostPrices) {
    const message = `the list has ${wanted.length} prices and a subscription at most ${mostPrices}; split the list`;
    return { reason: 'TooManyPrices', message };
  }
  const ids: string[] = [];
  for (const price of wanted) {
    const there = found.get(price.key);
    if (!isSayable(price) || there === undefined) return notReady(price.key, 'is not at the provider');
    const off = difference(price, there, meters.get(price.eventName)?.id);
    if (off !== undefined) return notReady(price.key, off);
    ids.push(there.id);
  }
  return ids;
}

/** How a subscription is not what rates the tenant's usage; undefined where it is. */
export function subscriptionOff(found: FoundSubscription, prices: readonly string[]): Finding | undefined {
  if (found.ended) {
    const message = `subscription ${found.id} has ended and its usage is not charged; name the customer of another one in spec.billing.customerId, or remove spec.billing`;
    return { reason: 'SubscriptionEnded', message };
  }
  const lacks = prices.filter((id) => !found.prices.includes(id));
  const more = found.prices.filter((id) => !prices.includes(id));
  if (lacks.length + more.length === 0) return undefined;
  const parts = [
    ...(lacks.length > 0 ? [`lacks ${named(lacks, mostNamed, ', ')}`] : []),
    ...(more.length > 0 ? [`has ${named(more, mostNamed, ', ')}`] : []),
  ];
  const message = `subscription ${found.id} ${parts.join(' and ')}, other than the price list in force; change its items at the provider`;
  return { reason: 'SubscriptionDiffers', message };
}

function notReady(key: string, why: string): Finding {
  return { reason: 'PricesNotReady', message: `price ${key} ${why}; see CatalogInStep of the BillingProvider` };
}
