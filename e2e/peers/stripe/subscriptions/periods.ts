import { draft, waiting, withWaiting } from '../invoices/build.ts';
import { licensedLines } from '../invoices/lines.ts';
import type { BilledUsage, Invoice, InvoiceLine, Period } from '../invoices/records.ts';
import { shown as shownInvoice } from '../invoices/show.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import { boundaryAfter, type Rhythm } from './calendar.ts';
import { endSubscription } from './end.ts';
import type { Subscription, SubscriptionItem } from './records.ts';
import { shown } from './show.ts';

/** A period has ended: its usage and the next period's fees go on a draft, and the next period begins. */
export function periodEnds(world: World, id: string): void {
  const subscription = world.state.get('subscription', id);
  if (subscription === undefined || subscription.ended_at !== null) return;
  const at = now(world, subscription.test_clock);
  const isLast = subscription.cancel_at !== null && subscription.cancel_at <= at;
  const renewed = isLast ? subscription : nextPeriod(world, subscription, at);
  const fixed = isLast ? [] : feesOf(world, renewed);
  const period = { start: periodOf(subscription).start, end: at };
  const invoice = openDraft(world, renewed, 'subscription_cycle', period, usageUntil(world, subscription, at), fixed);
  const billed: Subscription = { ...renewed, latest_invoice: invoice?.id ?? renewed.latest_invoice };
  world.state.put('subscription', billed);
  if (isLast) {
    endSubscription(world, billed);
    return;
  }
  plan(world, billed);
  emit(world, 'customer.subscription.updated', shown(world, billed));
}

/** Sets the time of the next change: the period's end, or the cancellation when that is earlier. */
export function plan({ timers }: World, subscription: Subscription): void {
  const { end } = periodOf(subscription);
  const at = Math.min(end, subscription.cancel_at ?? Infinity);
  timers.set('subscription-period', subscription.id, at, subscription.test_clock);
}

/** The current period; all items of a subscription share it. */
export function periodOf({ items, start_date }: Subscription): Period {
  const first = items[0];
  if (first === undefined) return { start: start_date, end: Infinity };
  return { start: first.current_period_start, end: first.current_period_end };
}

/** Usage since it was last billed, by item. */
export function usageUntil({ state }: World, { items }: Subscription, end: number): readonly BilledUsage[] {
  return items.flatMap((item) => {
    if (state.get('price', item.price)?.recurring?.usage_type !== 'metered') return [];
    return [{ item: item.id, price: item.price, period: { start: item.usage_from, end } }];
  });
}

/** Lines of the licensed items for the current period. */
export function feesOf(world: World, subscription: Subscription): readonly InvoiceLine[] {
  return subscription.items.flatMap((item) => {
    if (world.state.get('price', item.price)?.recurring?.usage_type !== 'licensed') return [];
    return licensedLines(world, subscription, item, periodOf(subscription));
  });
}

/** How often the subscription is billed. */
export function rhythmOf({ state }: World, items: readonly Pick<SubscriptionItem, 'price'>[]): Rhythm {
  const recurring = state.get('price', items[0]?.price ?? '')?.recurring;
  return { interval: recurring?.interval ?? 'month', interval_count: recurring?.interval_count ?? 1 };
}

/** The subscription in the period that begins now. */
export function nextPeriod(world: World, subscription: Subscription, at: number): Subscription {
  const end = boundaryAfter(subscription.billing_cycle_anchor, rhythmOf(world, subscription.items), at);
  const items = subscription.items.map((item) => ({
    ...item,
    current_period_start: at,
    current_period_end: end,
    usage_from: at,
  }));
  return { ...subscription, items };
}

/** Stores a draft with what waits for it; nothing when there is nothing to say. */
export function openDraft(
  world: World,
  subscription: Subscription,
  reason: Invoice['billing_reason'],
  period: Period,
  usage: readonly BilledUsage[],
  fixed: readonly InvoiceLine[],
): Invoice | undefined {
  const customer = world.state.get('customer', subscription.customer);
  const items = waiting(world, subscription.customer, subscription.currency, subscription.id);
  if (customer === undefined || usage.length + fixed.length + items.length === 0) return undefined;
  const about = { reason, subscription, period, currency: subscription.currency, usage, fixed };
  const full = withWaiting(world, draft(world, world.state.id('in'), customer, about), items);
  const at = full.created + world.settings.invoiceGraceSeconds;
  const invoice: Invoice = { ...full, automatically_finalizes_at: at };
  world.state.put('invoice', invoice);
  world.timers.set('invoice-finalize', invoice.id, at, invoice.test_clock);
  emit(world, 'invoice.created', shownInvoice(world, invoice));
  return invoice;
}
