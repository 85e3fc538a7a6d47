import { customerOf } from '../catalog/find.ts';
import { useMethod } from '../catalog/payment-methods.ts';
import { priceOf } from '../catalog/prices.ts';
import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { expand, mergeMetadata, metadata, paging, time, url } from '../params/common.ts';
import { integer, list, object, oneOf, optional, text } from '../params/shape.ts';
import { subscribe } from '../subscriptions/create.ts';
import { emit } from '../webhooks/emit.ts';
import type { World } from '../world.ts';
import type { CheckoutSession } from './records.ts';

const daySeconds = 86_400;
const leastSeconds = 1800;

/** POST /v1/checkout/sessions: for a subscription, or to leave a card. `payment_method_types` is gone since stripe 23. */
export const createCheckout: Route = (call) => {
  const { state, clock, timers, address } = call.world;
  const asked = params(call, {
    cancel_url: optional(url),
    client_reference_id: optional(text({ most: 200 })),
    customer: optional(text()),
    customer_email: optional(text()),
    expires_at: optional(time),
    line_items: optional(list(object({ price: text(), quantity: optional(integer({ least: 1 })) }), { most: 20 })),
    metadata,
    mode: oneOf('setup', 'subscription'),
    subscription_data: optional(object({ metadata })),
    success_url: url,
    expand,
  });
  if (asked.customer !== undefined) customerOf(call.world, asked.customer);
  if ((asked.mode === 'subscription') !== (asked.line_items ?? []).length > 0) {
    throw conflict('line_items go with mode subscription, and it with them.', { param: 'line_items' });
  }
  for (const { price } of asked.line_items ?? []) priceOf(call.world, price, 'line_items');
  const created = clock.seconds();
  const expires_at = asked.expires_at ?? created + daySeconds;
  if (expires_at < created + leastSeconds || expires_at > created + daySeconds) {
    throw conflict('expires_at must lie between 30 minutes and 24 hours ahead.', { param: 'expires_at' });
  }
  const id = state.id('cs_test');
  const session: CheckoutSession = {
    id,
    object: 'checkout.session',
    amount_total: asked.mode === 'setup' ? null : 0,
    cancel_url: asked.cancel_url ?? null,
    client_reference_id: asked.client_reference_id ?? null,
    created,
    currency: null,
    customer: asked.customer ?? null,
    customer_email: asked.customer_email ?? null,
    expires_at,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    mode: asked.mode,
    payment_status: asked.mode === 'setup' ? 'no_payment_required' : 'unpaid',
    status: 'open',
    subscription: null,
    success_url: asked.success_url,
    url: `${address()}/_peer/pages/checkout/${id}`,
    plan: { items: asked.line_items ?? [], metadata: asked.subscription_data?.metadata },
  };
  state.put('checkout_session', session);
  timers.set('checkout-expiry', id, expires_at);
  return shown(session);
};

/** GET /v1/checkout/sessions/ID */
export const showCheckout: Route = (call) => {
  params(call, { expand });
  return shown(sessionOf(call.world, idOf(call)));
};

/** GET /v1/checkout/sessions */
export const listCheckouts: Route = (call) => {
  const asked = params(call, {
    ...paging,
    customer: optional(text()),
    status: optional(oneOf('open', 'complete', 'expired')),
  });
  const found = call.world.state.all('checkout_session').filter(({ customer, status }) => {
    if (asked.customer !== undefined && customer !== asked.customer) return false;
    return asked.status === undefined || status === asked.status;
  });
  return page(asked, '/v1/checkout/sessions', found.map(shown));
};

/** POST /v1/checkout/sessions/ID/expire */
export const expireNow: Route = (call: Call) => {
  params(call, { expand });
  const session = sessionOf(call.world, idOf(call));
  if (session.status !== 'open') throw conflict('Only open Checkout Sessions can be expired.');
  expireCheckout(call.world, session.id);
  return shown(sessionOf(call.world, session.id));
};

/** Nobody came. */
export function expireCheckout(world: World, id: string): void {
  const session = world.state.get('checkout_session', id);
  if (session?.status !== 'open') return;
  const expired: CheckoutSession = { ...session, status: 'expired', url: null };
  world.timers.clear('checkout-expiry', id);
  world.state.put('checkout_session', expired);
  emit(world, 'checkout.session.expired', shown(expired));
}

/** What a customer's visit to the page does, with this test card: leaves it, and begins the subscription. */
export function completeCheckout(world: World, id: string, card: string): object {
  const session = sessionOf(world, id);
  if (session.status !== 'open') throw conflict(`The checkout session is ${session.status}.`);
  const customer = customerFor(world, session);
  const method = useMethod(world, card, customer);
  const known = customerOf(world, customer);
  world.state.put('customer', { ...known, invoice_settings: { default_payment_method: method.id } });
  const isSetup = session.mode === 'setup';
  const subscription = isSetup ? null : subscribe(world, { ...session.plan, customer }).id;
  const complete: CheckoutSession = {
    ...session,
    customer,
    payment_status: isSetup ? 'no_payment_required' : 'paid',
    status: 'complete',
    subscription,
    url: null,
  };
  world.timers.clear('checkout-expiry', id);
  world.state.put('checkout_session', complete);
  emit(world, 'checkout.session.completed', shown(complete));
  return shown(complete);
}

function customerFor(world: World, { customer, customer_email }: CheckoutSession): string {
  if (customer !== null) return customer;
  const id = world.state.id('cus');
  const blank = { balance: 0, currency: null, description: null, livemode: false, metadata: {}, name: null } as const;
  const settings = { invoice_settings: { default_payment_method: null }, test_clock: null };
  const made = {
    id,
    object: 'customer',
    created: world.clock.seconds(),
    email: customer_email,
    ...blank,
    ...settings,
  } as const;
  world.state.put('customer', made);
  emit(world, 'customer.created', made);
  return id;
}

function sessionOf({ state }: World, id: string): CheckoutSession {
  const session = state.get('checkout_session', id);
  if (session === undefined) throw missing('checkout.session', id);
  return session;
}

function shown({ plan: _plan, ...rest }: CheckoutSession): Omit<CheckoutSession, 'plan'> {
  return rest;
}
