import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { finalize } from '../invoices/finalize.ts';
import { expand, paging } from '../params/common.ts';
import { boolean, object, oneOf, optional, text } from '../params/shape.ts';
import { now } from '../world.ts';
import { endSubscription } from './end.ts';
import { openDraft, periodOf, usageUntil } from './periods.ts';
import type { Subscription } from './records.ts';
import { shown } from './show.ts';

/** GET /v1/subscriptions/ID */
export const showSubscription: Route = (call) => {
  params(call, { expand });
  return shown(call.world, subscriptionOf(call));
};

/** GET /v1/subscriptions: without `status`, those that have not ended. */
export const listSubscriptions: Route = (call) => {
  const asked = params(call, {
    ...paging,
    customer: optional(text()),
    price: optional(text()),
    status: optional(oneOf('active', 'all', 'canceled', 'ended', 'incomplete', 'past_due', 'unpaid')),
    test_clock: optional(text()),
  });
  const found = call.world.state.all('subscription').filter(({ customer, status, items, test_clock }) => {
    if (asked.customer !== undefined && customer !== asked.customer) return false;
    if (asked.price !== undefined && !items.some(({ price }) => price === asked.price)) return false;
    if (asked.test_clock !== undefined && test_clock !== asked.test_clock) return false;
    if (asked.status === undefined) return status !== 'canceled';
    if (asked.status === 'all') return true;
    return asked.status === 'ended' ? status === 'canceled' : status === asked.status;
  });
  return page(
    asked,
    '/v1/subscriptions',
    found.map((one) => shown(call.world, one)),
  );
};

/** DELETE /v1/subscriptions/ID: at once; usage not yet invoiced is only billed with `invoice_now`. */
export const cancelSubscription: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    cancellation_details: optional(object({ comment: optional(text()) })),
    invoice_now: optional(boolean),
    prorate: optional(boolean),
    expand,
  });
  if (asked.prorate === true) throw conflict('The peer does not play prorate; leave it out.', { param: 'prorate' });
  const before = subscriptionOf(call);
  if (before.ended_at !== null) throw missing('subscription', before.id);
  const at = now(world, before.test_clock);
  const comment = asked.cancellation_details?.comment ?? null;
  const ended = endSubscription(world, {
    ...before,
    cancellation_details: { ...before.cancellation_details, comment },
  });
  if (asked.invoice_now !== true) return shown(world, ended);
  const period = { start: periodOf(before).start, end: at };
  const invoice = openDraft(world, ended, 'subscription_cycle', period, usageUntil(world, before, at), []);
  if (invoice === undefined) return shown(world, ended);
  finalize(world, invoice.id);
  const billed: Subscription = { ...ended, latest_invoice: invoice.id };
  world.state.put('subscription', billed);
  return shown(world, billed);
};

/** The subscription that the path names. */
export function subscriptionOf(call: Call): Subscription {
  const subscription = call.world.state.get('subscription', idOf(call));
  if (subscription === undefined) throw missing('subscription', idOf(call));
  return subscription;
}
