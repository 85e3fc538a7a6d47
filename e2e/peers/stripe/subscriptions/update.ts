import { customerOf } from '../catalog/find.ts';
import { params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { licensedLines, usageLines } from '../invoices/lines.ts';
import type { InvoiceItem, InvoiceLine } from '../invoices/records.ts';
import { emptyText, expand, mergeMetadata, metadata, time } from '../params/common.ts';
import { boolean, emptyable, integer, list, object, oneOf, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import { prorated } from './calendar.ts';
import { itemsOf, quantityOf, refuseMixed } from './items.ts';
import { periodOf, plan } from './periods.ts';
import type { Subscription, SubscriptionItem } from './records.ts';
import { shown } from './show.ts';
import { subscriptionOf } from './subscriptions.ts';

const change = object({
  id: optional(text()),
  deleted: optional(boolean),
  metadata,
  price: optional(text()),
  quantity: optional(integer({ least: 0 })),
});

/** POST /v1/subscriptions/ID */
export const updateSubscription: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    cancel_at: emptyable(time),
    cancel_at_period_end: optional(boolean),
    collection_method: optional(oneOf('charge_automatically', 'send_invoice')),
    days_until_due: optional(integer({ least: 0 })),
    default_payment_method: emptyText,
    description: emptyText,
    items: optional(list(change)),
    metadata,
    proration_behavior: optional(oneOf('create_prorations', 'none')),
    expand,
  });
  const before = subscriptionOf(call);
  if (before.ended_at !== null) throw conflict('A canceled subscription can only update its metadata.');
  const at = now(world, before.test_clock);
  const hasProrations = asked.proration_behavior !== 'none';
  const items = (asked.items ?? []).reduce(
    (left, one) => changed(world, before, left, one, hasProrations),
    before.items,
  );
  refuseMixed(world, items);
  const stops = cancellation(before, asked.cancel_at_period_end, asked.cancel_at);
  const subscription: Subscription = {
    ...before,
    ...stops,
    canceled_at: stops.cancel_at === null ? null : (before.canceled_at ?? at),
    collection_method: asked.collection_method ?? before.collection_method,
    days_until_due: asked.days_until_due ?? before.days_until_due,
    default_payment_method:
      asked.default_payment_method === undefined ? before.default_payment_method : asked.default_payment_method,
    description: asked.description === undefined ? before.description : asked.description,
    items,
    metadata: mergeMetadata(before.metadata, asked.metadata),
  };
  world.state.put('subscription', subscription);
  plan(world, subscription);
  emit(world, 'customer.subscription.updated', shown(world, subscription), call);
  return shown(world, subscription);
};

function cancellation(
  before: Subscription,
  atPeriodEnd: boolean | undefined,
  at: number | null | undefined,
): Pick<Subscription, 'cancel_at' | 'cancel_at_period_end'> {
  if (atPeriodEnd === true) return { cancel_at: periodOf(before).end, cancel_at_period_end: true };
  if (atPeriodEnd === false) return { cancel_at: at ?? null, cancel_at_period_end: false };
  if (at === undefined) return { cancel_at: before.cancel_at, cancel_at_period_end: before.cancel_at_period_end };
  return { cancel_at: at, cancel_at_period_end: false };
}

function changed(
  world: World,
  subscription: Subscription,
  items: readonly SubscriptionItem[],
  one: ReturnType<typeof change.read>,
  hasProrations: boolean,
): readonly SubscriptionItem[] {
  const { end } = periodOf(subscription);
  const at = now(world, subscription.test_clock);
  if (one.id === undefined) {
    if (one.price === undefined) throw conflict('A new item needs a price.', { param: 'items' });
    const added = itemsOf(world, [{ price: one.price, quantity: one.quantity, metadata: one.metadata }], at, end);
    const aligned = added.map((item) => ({ ...item, current_period_start: periodOf(subscription).start }));
    for (const item of aligned) settle(world, subscription, undefined, item, hasProrations);
    return [...items, ...aligned];
  }
  const item = items.find(({ id }) => id === one.id);
  if (item === undefined) throw missing('subscription_item', one.id, 'items', 400);
  if (one.deleted === true) {
    settle(world, subscription, item, undefined, hasProrations);
    return items.filter(({ id }) => id !== item.id);
  }
  const price = one.price ?? item.price;
  const { quantity: _before, ...rest } = item;
  const kept = price === item.price ? (one.quantity ?? item.quantity) : one.quantity;
  const next: SubscriptionItem = {
    ...rest,
    metadata: mergeMetadata(item.metadata, one.metadata),
    price,
    ...quantityOf(world, { price, quantity: kept }, 'items'),
    usage_from: price === item.price ? item.usage_from : at,
  };
  if (price !== item.price || next.quantity !== item.quantity) settle(world, subscription, item, next, hasProrations);
  return items.map((other) => (other.id === item.id ? next : other));
}

/**
 * Usage up to the change waits for the next invoice at the price that held; fees are given back and charged for what is
 * left of the period.
 */
function settle(
  world: World,
  subscription: Subscription,
  before: SubscriptionItem | undefined,
  after: SubscriptionItem | undefined,
  hasProrations: boolean,
): void {
  const at = now(world, subscription.test_clock);
  const { start, end } = periodOf(subscription);
  const rest = { start: at, end };
  const share = (line: InvoiceLine, sign: 1 | -1): void => {
    wait(
      world,
      subscription,
      { ...line, amount: sign * prorated(line.amount, end - at, end - start), period: rest },
      true,
    );
  };
  if (before !== undefined) {
    const usage = { item: before.id, price: before.price, period: { start: before.usage_from, end: at } };
    const lines = usageLines(world, subscription.customer, subscription.id, usage);
    for (const line of lines) wait(world, subscription, line, false);
  }
  if (!hasProrations) return;
  for (const line of before === undefined ? [] : licensed(world, subscription, before)) share(line, -1);
  for (const line of after === undefined ? [] : licensed(world, subscription, after)) share(line, 1);
}

function licensed(world: World, subscription: Subscription, item: SubscriptionItem): readonly InvoiceLine[] {
  if (world.state.get('price', item.price)?.recurring?.usage_type === 'metered') return [];
  return licensedLines(world, subscription, item, periodOf(subscription));
}

function wait(world: World, subscription: Subscription, line: InvoiceLine, proration: boolean): void {
  if (line.amount === 0) return;
  const item: InvoiceItem = {
    id: world.state.id('ii'),
    object: 'invoiceitem',
    amount: line.amount,
    currency: line.currency,
    customer: customerOf(world, subscription.customer).id,
    date: now(world, subscription.test_clock),
    description: line.description,
    discountable: false,
    invoice: null,
    livemode: false,
    metadata: {},
    period: line.period,
    pricing: line.pricing,
    proration,
    quantity: line.quantity ?? 1,
    subscription: subscription.id,
    test_clock: subscription.test_clock,
  };
  world.state.put('invoice_item', item);
}
