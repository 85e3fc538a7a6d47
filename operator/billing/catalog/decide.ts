import type { FoundMeter } from '../sinks/catalog.ts';
import { difference, type FoundPrice, type FoundProduct } from './compare.ts';
import { isSayable, type Unsayable, type WantedPrice } from './wanted.ts';

/** What the provider has of what it should have. */
export interface Found {
  readonly meters: ReadonlyMap<string, FoundMeter>;
  readonly products: ReadonlyMap<string, FoundProduct>;
  /** By lookup key, or by the key that a price was made for and has lost. */
  readonly prices: ReadonlyMap<string, FoundPrice>;
}

/** What to do at the provider, and what only a person may do. */
export interface CatalogPlan {
  /** Ids of products to make. */
  readonly products: readonly string[];
  /** Prices to make with the ids of their meters. */
  readonly prices: readonly { readonly wanted: WantedPrice; readonly meter: string }[];
  /** Prices that wait for their meters, which the controller of providers makes. */
  readonly waiting: readonly string[];
  /** What somebody changed, as sentences. It is never changed back: money may rest on it. */
  readonly drift: readonly string[];
  /** What cannot be had at the provider, as sentences. */
  readonly unsayable: readonly string[];
}

/** Compares what is wanted with what is there; pure. */
export function decide(wanted: readonly (WantedPrice | Unsayable)[], found: Found): CatalogPlan {
  const sayable = wanted.filter(isSayable);
  const ids = [...new Set(sayable.map(({ product }) => product))];
  const missing = sayable.filter(({ key }) => !found.prices.has(key));
  const meterOf = ({ eventName }: WantedPrice): string | undefined => {
    const meter = found.meters.get(eventName);
    return meter?.active === true ? meter.id : undefined;
  };
  return {
    products: ids.filter((id) => !found.products.has(id)),
    prices: missing.flatMap((price) => {
      const meter = meterOf(price);
      return meter === undefined ? [] : [{ wanted: price, meter }];
    }),
    waiting: missing.filter((price) => meterOf(price) === undefined).map(({ key }) => key),
    drift: [
      ...metersOff(sayable, found),
      ...productsOff(ids, found),
      ...sayable.flatMap((one) => priceOff(one, found)),
    ],
    unsayable: wanted.flatMap((price) => (isSayable(price) ? [] : [`price ${price.key}: ${price.reason}`])),
  };
}

function metersOff(wanted: readonly WantedPrice[], { meters }: Found): readonly string[] {
  const names = [...new Set(wanted.map(({ eventName }) => eventName))];
  const archived = names.filter((name) => meters.get(name)?.active === false);
  return archived.map((name) => `meter ${name} is archived; reactivate it, its usage waits`);
}

function productsOff(ids: readonly string[], { products }: Found): readonly string[] {
  const archived = ids.filter((id) => products.get(id)?.active === false);
  return archived.map((id) => `product ${id} is archived; activate it, its prices cannot be subscribed to`);
}

function priceOff(wanted: WantedPrice, { meters, prices }: Found): readonly string[] {
  const price = prices.get(wanted.key);
  if (price === undefined) return [];
  // An archived meter is said once, not again for each of its prices.
  const off = difference(wanted, price, meters.get(wanted.eventName)?.id);
  return off === undefined ? [] : [`price ${wanted.key} (${price.id}) ${off}`];
}
