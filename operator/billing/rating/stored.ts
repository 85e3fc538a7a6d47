/** How ratings are kept in the store: JSON with amounts as decimal strings, so that nothing is rounded. */
import { formatDecimal, parseDecimal } from '../money/decimal.ts';
import type { Rating, Tier } from './rate.ts';

/** What a SKU's price is made of. */
export type TieredPrice = Pick<Rating, 'mode' | 'tiers'>;

interface Written {
  readonly mode: Rating['mode'];
  readonly tiers: readonly { readonly upTo?: string; readonly unitPrice: string }[];
}

/** The text of a price in tiers. */
export function writeTiers({ mode, tiers }: TieredPrice): string {
  const written = tiers.map(({ upTo, unitPrice }) => ({ upTo: upTo?.toString(), unitPrice: formatDecimal(unitPrice) }));
  return JSON.stringify({ mode, tiers: written } satisfies Written);
}

/** The price of a SKU: in tiers where the text says so, else flat. */
export function readPrice(text: string | null, unitPrice: string): TieredPrice {
  if (text === null) return { mode: 'Graduated', tiers: [{ unitPrice: parseDecimal(unitPrice) }] };
  const { mode, tiers }: Written = JSON.parse(text);
  return { mode, tiers: tiers.map(readTier) };
}

/** The text of what a plan includes; null where that is nothing. */
export function writeIncluded(
  included: readonly { readonly sku: string; readonly quantitySeconds: string }[],
): string | null {
  if (included.length === 0) return null;
  return JSON.stringify(Object.fromEntries(included.map(({ sku, quantitySeconds }) => [sku, quantitySeconds])));
}

/** GPU-seconds of a SKU that cost nothing. */
export function readIncluded(text: string | null, sku: string): bigint {
  if (text === null) return 0n;
  const quantity: unknown = Reflect.get(JSON.parse(text), sku);
  return typeof quantity === 'string' ? BigInt(quantity) : 0n;
}

function readTier({ upTo, unitPrice }: Written['tiers'][number]): Tier {
  return { ...(upTo !== undefined && { upTo: BigInt(upTo) }), unitPrice: parseDecimal(unitPrice) };
}
