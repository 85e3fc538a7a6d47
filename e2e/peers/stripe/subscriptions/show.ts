import { shown as shownPrice } from '../catalog/prices.ts';
import type { Shown } from '../exchange.ts';
import type { World } from '../world.ts';
import type { Subscription, SubscriptionItem } from './records.ts';

/** A subscription as Stripe answers it: items as a list, each with its price. */
export function shown(world: World, subscription: Subscription): Shown {
  const data = subscription.items.map((item) => shownItem(world, subscription.id, item));
  const url = `/v1/subscription_items?subscription=${subscription.id}`;
  return { ...subscription, items: { object: 'list', data, has_more: false, total_count: data.length, url } };
}

function shownItem({ state }: World, subscription: string, item: SubscriptionItem): object {
  const { usage_from: _from, price, ...rest } = item;
  const stored = state.get('price', price);
  return { ...rest, object: 'subscription_item', price: stored && shownPrice(stored), subscription };
}
