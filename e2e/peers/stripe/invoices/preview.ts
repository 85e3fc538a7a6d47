import { customerOf } from '../catalog/find.ts';
import { params, type Route } from '../exchange.ts';
import { conflict, missing, Refusal } from '../http/refusal.ts';
import { currency, expand } from '../params/common.ts';
import { boolean, integer, list, object, optional, text } from '../params/shape.ts';
import { feesOf, nextPeriod, periodOf, usageUntil } from '../subscriptions/periods.ts';
import type { Subscription } from '../subscriptions/records.ts';
import { now, type World } from '../world.ts';
import { draft, totalled, waiting } from './build.ts';
import { pendingLine } from './lines.ts';
import type { InvoiceLine } from './records.ts';
import { shown } from './show.ts';

const extra = object({ amount: integer(), currency, description: optional(text()) });

/** POST /v1/invoices/create_preview: what the next invoice of a subscription would say now; nothing is stored. */
export const previewInvoice: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    currency: optional(currency),
    customer: optional(text()),
    invoice_items: optional(list(extra, { most: 250 })),
    subscription: optional(text()),
    subscription_details: optional(object({ cancel_at_period_end: optional(boolean), cancel_now: optional(boolean) })),
    expand,
  });
  const subscription = subscriptionFor(world, asked.subscription, asked.customer);
  const customer = customerOf(world, subscription.customer);
  const at = now(world, customer.test_clock);
  const { start, end } = periodOf(subscription);
  const until = asked.subscription_details?.cancel_now === true ? at : end;
  const isLast =
    until === at || asked.subscription_details?.cancel_at_period_end === true || subscription.cancel_at !== null;
  const fixed = [
    ...(isLast ? [] : feesOf(world, nextPeriod(world, subscription, end))),
    ...waiting(world, customer.id, subscription.currency, subscription.id).map(pendingLine),
    ...(asked.invoice_items ?? []).map((item, index) => previewLine(item, index, at)),
  ];
  const about = { reason: 'upcoming', subscription, period: { start, end: until }, fixed } as const;
  const usage = usageUntil(world, subscription, until);
  const id = `upcoming_in_${subscription.id}`;
  const preview = draft(world, id, customer, { ...about, usage, currency: subscription.currency });
  return shown(world, totalled(preview));
};

function subscriptionFor(world: World, id: string | undefined, customer: string | undefined): Subscription {
  if (id === undefined && customer === undefined)
    throw conflict('Give subscription or customer.', { param: 'subscription' });
  const found = id === undefined ? onlyOne(world, customer ?? '') : world.state.get('subscription', id);
  if (found === undefined) throw missing('subscription', id ?? '', 'subscription', 400);
  if (customer !== undefined && found.customer !== customer) {
    throw conflict('The subscription belongs to another customer.', { param: 'subscription' });
  }
  if (found.ended_at === null) return found;
  throw new Refusal(404, `No upcoming invoices for customer: ${found.customer}`, { code: 'invoice_upcoming_none' });
}

function onlyOne(world: World, customer: string): Subscription {
  customerOf(world, customer);
  const running = world.state.all('subscription').filter((one) => one.customer === customer && one.ended_at === null);
  const [first] = running;
  if (first === undefined) {
    throw new Refusal(404, `No upcoming invoices for customer: ${customer}`, { code: 'invoice_upcoming_none' });
  }
  if (running.length > 1)
    throw conflict('The customer has several subscriptions; name one.', { param: 'subscription' });
  return first;
}

function previewLine(item: ReturnType<typeof extra.read>, index: number, at: number): InvoiceLine {
  return {
    id: `il_preview_${index}`,
    object: 'line_item',
    amount: item.amount,
    currency: item.currency,
    description: item.description ?? null,
    discountable: true,
    livemode: false,
    metadata: {},
    parent: {
      type: 'invoice_item_details',
      invoice_item_details: { invoice_item: `ii_preview_${index}`, proration: false, subscription: null },
      subscription_item_details: null,
    },
    period: { start: at, end: at },
    pretax_credit_amounts: [],
    pricing: null,
    quantity: 1,
    subtotal: item.amount,
  };
}
