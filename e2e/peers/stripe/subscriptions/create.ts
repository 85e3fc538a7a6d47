import { customerOf } from '../catalog/find.ts';
import { type Call, params, type Route } from '../exchange.ts';
import { conflict } from '../http/refusal.ts';
import { totalled } from '../invoices/build.ts';
import { finalize } from '../invoices/finalize.ts';
import type { InvoiceLine } from '../invoices/records.ts';
import { expand, mergeMetadata, metadata, time } from '../params/common.ts';
import { boolean, integer, list, object, oneOf, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import { after, anchorFrom, boundaryAfter, periodBefore, prorated } from './calendar.ts';
import { itemsOf, newItem, refuseMixed } from './items.ts';
import { feesOf, openDraft, periodOf, plan, rhythmOf } from './periods.ts';
import type { AskedItem, Subscription } from './records.ts';
import { shown } from './show.ts';

const clockPart = (most: number) => optional(integer({ least: 0, most }));

const fields = {
  billing_cycle_anchor: optional(time),
  billing_cycle_anchor_config: optional(
    object({
      day_of_month: integer({ least: 1, most: 31 }),
      hour: clockPart(23),
      minute: clockPart(59),
      second: clockPart(59),
    }),
  ),
  billing_mode: optional(object({ type: oneOf('flexible') })),
  cancel_at: optional(time),
  cancel_at_period_end: optional(boolean),
  collection_method: optional(oneOf('charge_automatically', 'send_invoice')),
  customer: text(),
  days_until_due: optional(integer({ least: 0 })),
  default_payment_method: optional(text()),
  description: optional(text({ most: 500 })),
  items: list(newItem, { least: 1 }),
  metadata,
  payment_behavior: optional(oneOf('allow_incomplete', 'default_incomplete', 'error_if_incomplete')),
  proration_behavior: optional(oneOf('create_prorations', 'none')),
  expand,
};

/** What a new subscription is asked to be. */
export type AskedSubscription = Partial<Omit<ReturnType<typeof read>, 'customer' | 'expand' | 'items'>> & {
  readonly customer: string;
  readonly items: readonly AskedItem[];
};

const read = (call: Call) => params(call, fields);

/** POST /v1/subscriptions: at most 20 items; fees in advance, usage at the end of each period. */
export const createSubscription: Route = (call) => shown(call.world, subscribe(call.world, read(call), call));

/** Makes a subscription; its first invoice is finalised at once when there is anything to pay in advance. */
export function subscribe(world: World, asked: AskedSubscription, cause?: Call): Subscription {
  const customer = customerOf(world, asked.customer);
  const at = now(world, customer.test_clock);
  const currency = refuseMixed(world, asked.items);
  if (asked.collection_method === 'send_invoice' && asked.days_until_due === undefined) {
    throw conflict('days_until_due is required with collection_method send_invoice.', { param: 'days_until_due' });
  }
  const rhythm = rhythmOf(world, asked.items);
  const config = asked.billing_cycle_anchor_config;
  const anchor = config === undefined ? (asked.billing_cycle_anchor ?? at) : anchorFrom(config, at);
  if (anchor < at || anchor > after(at, rhythm, 1)) {
    throw conflict('billing_cycle_anchor must lie between now and the next natural billing date.', {
      param: 'billing_cycle_anchor',
    });
  }
  const end = anchor > at ? anchor : boundaryAfter(anchor, rhythm, at);
  const subscription: Subscription = {
    id: world.state.id('sub'),
    object: 'subscription',
    billing_cycle_anchor: anchor,
    billing_mode: { type: 'flexible' },
    cancel_at: asked.cancel_at_period_end === true ? end : (asked.cancel_at ?? null),
    cancel_at_period_end: asked.cancel_at_period_end ?? false,
    canceled_at: null,
    cancellation_details: { comment: null, feedback: null, reason: null },
    collection_method: asked.collection_method ?? 'charge_automatically',
    created: at,
    currency,
    customer: customer.id,
    days_until_due: asked.days_until_due ?? null,
    default_payment_method: asked.default_payment_method ?? null,
    description: asked.description ?? null,
    ended_at: null,
    items: itemsOf(world, asked.items, at, end),
    latest_invoice: null,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    start_date: at,
    status: 'active',
    test_clock: customer.test_clock,
  };
  world.state.put('customer', { ...customer, currency: customer.currency ?? currency });
  world.state.put('subscription', subscription);
  plan(world, subscription);
  emit(world, 'customer.subscription.created', shown(world, subscription), cause);
  const isFree = anchor > at && asked.proration_behavior === 'none';
  return isFree ? subscription : firstInvoice(world, subscription, asked.payment_behavior);
}

function firstInvoice(world: World, subscription: Subscription, behavior: string | undefined): Subscription {
  const fixed = stubbed(world, subscription);
  if (fixed.length === 0) return subscription;
  // Until its first invoice is paid it has not begun.
  world.state.put('subscription', { ...subscription, status: 'incomplete' });
  const invoice = openDraft(world, subscription, 'subscription_create', periodOf(subscription), [], fixed);
  if (invoice === undefined) return subscription;
  const waits = behavior === 'default_incomplete';
  if (waits) world.state.put('invoice', totalled({ ...invoice, auto_advance: false }));
  const first = finalize(world, invoice.id);
  if (first.status !== 'paid' && behavior === 'error_if_incomplete') throw conflict('The first payment failed.');
  const left = world.state.get('subscription', subscription.id) ?? subscription;
  const begun = first.collection_method === 'send_invoice' ? ({ ...left, status: 'active' } as const) : left;
  const latest: Subscription = { ...begun, latest_invoice: first.id };
  world.state.put('subscription', latest);
  return latest;
}

/** Fees of the first period, in part when it is shorter than a whole one. */
function stubbed(world: World, subscription: Subscription): readonly InvoiceLine[] {
  const { start, end } = periodOf(subscription);
  const rhythm = rhythmOf(world, subscription.items);
  const whole = periodBefore(subscription.billing_cycle_anchor, rhythm, end);
  if (whole.start >= start) return feesOf(world, subscription);
  return feesOf(world, subscription).map((line) => {
    const amount = prorated(line.amount, end - start, whole.end - whole.start);
    return { ...line, amount, subtotal: amount };
  });
}
