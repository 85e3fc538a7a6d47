import { priceOf } from '../catalog/prices.ts';
import { conflict } from '../http/refusal.ts';
import { mergeMetadata, metadata } from '../params/common.ts';
import { integer, object, optional, text } from '../params/shape.ts';
import type { World } from '../world.ts';
import type { AskedItem, SubscriptionItem } from './records.ts';

/** Stripe's limit. */
const mostItems = 20;

/** An item of a new subscription. */
export const newItem = object({ metadata, price: text(), quantity: optional(integer({ least: 0 })) });

/** Items for the period `[start, end)`; refuses what cannot be charged together. */
export function itemsOf(
  world: World,
  asked: readonly AskedItem[],
  start: number,
  end: number,
): readonly SubscriptionItem[] {
  return asked.map((item, index) => ({
    id: world.state.id('si'),
    created: start,
    current_period_end: end,
    current_period_start: start,
    metadata: mergeMetadata({}, item.metadata),
    price: item.price,
    ...quantityOf(world, item, `items[${index}]`),
    usage_from: start,
  }));
}

/** The quantity of an item: metered prices have none. */
export function quantityOf(world: World, item: AskedItem, path: string): { readonly quantity?: number } {
  const price = priceOf(world, item.price, `${path}[price]`);
  if (price.recurring?.usage_type !== 'metered') return { quantity: item.quantity ?? 1 };
  if (item.quantity === undefined) return {};
  throw conflict('You cannot specify a quantity for a metered price.', { param: `${path}[quantity]` });
}

/** Refuses items that Stripe does not take together; returns their currency. */
export function refuseMixed(world: World, items: readonly { readonly price: string }[]): string {
  if (items.length > mostItems)
    throw conflict(`A subscription can have at most ${mostItems} items.`, { param: 'items' });
  const prices = items.map(({ price }, index) => {
    const found = priceOf(world, price, `items[${index}][price]`);
    if (found.recurring === null)
      throw conflict(`The price ${price} is not recurring.`, { param: `items[${index}][price]` });
    if (!found.active) throw conflict(`The price ${price} is inactive.`, { param: `items[${index}][price]` });
    if (world.state.get('product', found.product)?.active === false) {
      const message = `The price ${price} is not available to be purchased because its product is not active.`;
      throw conflict(message, { param: `items[${index}][price]` });
    }
    return found;
  });
  if (new Set(prices.map(({ id }) => id)).size < prices.length) {
    throw conflict('You cannot add multiple subscription items with the same price.', { param: 'items' });
  }
  const rhythms = new Set(prices.map(({ recurring }) => `${recurring?.interval} ${recurring?.interval_count}`));
  if (rhythms.size > 1) throw conflict('All prices of a subscription must have the same interval.', { param: 'items' });
  const currencies = new Set(prices.map(({ currency }) => currency));
  if (currencies.size > 1)
    throw conflict('All prices of a subscription must have the same currency.', { param: 'items' });
  return prices[0]?.currency ?? 'usd';
}
