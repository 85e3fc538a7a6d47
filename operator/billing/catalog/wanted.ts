import { ingestionOf } from '../outbox/event-name.ts';
import type { Tier } from '../rating/rate.ts';
import type { TieredPrice } from '../rating/stored.ts';

/** A SKU of a version of a price list, as usage is rated by it. */
export interface PricedSku {
  readonly book: string;
  readonly version: number;
  readonly currency: string;
  readonly sku: string;
  /** The name of the usage events that the provider counts. */
  readonly eventName: string;
  readonly price: TieredPrice;
}

/** A price that the provider should have, so that it bills what is rated here. */
export interface WantedPrice {
  /** Derived from what it is a price of; the price is found again by it. */
  readonly key: string;
  /** The id of the product that it is a price of: one of each SKU. */
  readonly product: string;
  readonly eventName: string;
  readonly currency: string;
  readonly mode: TieredPrice['mode'];
  /** In GPU-seconds and minor units, with what is included as a first tier that costs nothing. */
  readonly tiers: readonly Tier[];
}

/** A price that the provider has no form for. */
export interface Unsayable {
  readonly key: string;
  readonly reason: string;
}

/** What tenants have agreed to pay by; `included` are GPU-seconds by SKU that cost nothing in a month. */
export interface Agreement {
  readonly book: string;
  readonly included: ReadonlyMap<string, bigint>;
}

/** The price of a SKU under an agreement. */
export function wantedPrice(sku: PricedSku, included: bigint): WantedPrice | Unsayable {
  const parts = ['gpuopt', sku.book, String(sku.version), sku.sku, ...(included > 0n ? [String(included)] : [])];
  if (ingestionOf(sku.eventName) === 'HourlySnapshot') parts.push('hourly');
  const key = parts.join('/');
  const { mode, tiers } = sku.price;
  if (included > 0n && mode === 'Volume') {
    const reason = `tiers of mode Volume cannot count from after the ${included} GPU-seconds that a plan includes; use mode Graduated, or include none of ${sku.sku}`;
    return { key, reason };
  }
  const { eventName, currency } = sku;
  const all =
    included > 0n ? [{ upTo: included, unitPrice: 0n }, ...tiers.map((tier) => after(tier, included))] : tiers;
  return { key, product: `gpuopt_${sku.sku}`, eventName, currency, mode, tiers: all };
}

/** Each price that the agreements ask for, once, by key. */
export function wantedPrices(
  agreements: readonly Agreement[],
  skus: readonly PricedSku[],
): ReadonlyMap<string, WantedPrice | Unsayable> {
  const wanted = agreements.flatMap(({ book, included }) =>
    skus.filter((sku) => sku.book === book).map((sku) => wantedPrice(sku, included.get(sku.sku) ?? 0n)),
  );
  return new Map(wanted.map((price) => [price.key, price]));
}

/** Whether the provider can have the price. */
export function isSayable(price: WantedPrice | Unsayable): price is WantedPrice {
  return !('reason' in price);
}

function after({ upTo, unitPrice }: Tier, included: bigint): Tier {
  return { ...(upTo !== undefined && { upTo: upTo + included }), unitPrice };
}
