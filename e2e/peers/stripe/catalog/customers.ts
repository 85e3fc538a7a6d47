import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { emptyText, expand, mergeMetadata, metadata, paging } from '../params/common.ts';
import { integer, object, optional, text } from '../params/shape.ts';
import { endSubscription } from '../subscriptions/end.ts';
import { emit } from '../webhooks/emit.ts';
import { now, type World } from '../world.ts';
import { customerOf } from './find.ts';
import { useMethod } from './payment-methods.ts';
import type { Customer } from './records.ts';

const url = '/v1/customers';

const common = {
  balance: optional(integer()),
  description: emptyText,
  email: emptyText,
  invoice_settings: optional(object({ default_payment_method: emptyText })),
  metadata,
  name: emptyText,
  expand,
};

/** POST /v1/customers */
export const createCustomer: Route = (call) => {
  const { state } = call.world;
  const asked = params(call, { ...common, payment_method: optional(text()), test_clock: optional(text()) });
  if (asked.test_clock !== undefined && state.get('test_clock', asked.test_clock) === undefined) {
    throw missing('test clock', asked.test_clock, 'test_clock', 400);
  }
  const customer: Customer = {
    ...blank(state.id('cus'), now(call.world, asked.test_clock)),
    balance: asked.balance ?? 0,
    description: asked.description ?? null,
    email: asked.email ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    name: asked.name ?? null,
    test_clock: asked.test_clock ?? null,
  };
  state.put('customer', customer);
  if (asked.payment_method !== undefined) useMethod(call.world, asked.payment_method, customer.id);
  const saved = withDefault(call, customer, asked.invoice_settings?.default_payment_method);
  emit(call.world, 'customer.created', saved, call);
  return saved;
};

/** GET /v1/customers/ID */
export const showCustomer: Route = (call) => {
  params(call, { expand });
  const customer = call.world.state.get('customer', idOf(call));
  if (customer === undefined) throw missing('customer', idOf(call));
  return customer.deleted === true ? { id: customer.id, object: 'customer', deleted: true } : customer;
};

/** GET /v1/customers, also by `email`, which is compared as it is, and by test clock. */
export const listCustomers: Route = (call) => {
  const asked = params(call, { ...paging, email: optional(text()), test_clock: optional(text()) });
  const found = call.world.state.all('customer').filter((customer) => {
    if (customer.deleted === true) return false;
    if (asked.test_clock !== undefined && customer.test_clock !== asked.test_clock) return false;
    return asked.email === undefined || customer.email === asked.email;
  });
  return page(asked, url, found);
};

/** POST /v1/customers/ID */
export const updateCustomer: Route = (call) => {
  const asked = params(call, common);
  const before = customerOf(call.world, idOf(call), 'id', 404);
  const customer: Customer = {
    ...before,
    balance: asked.balance ?? before.balance,
    description: asked.description === undefined ? before.description : asked.description,
    email: asked.email === undefined ? before.email : asked.email,
    metadata: mergeMetadata(before.metadata, asked.metadata),
    name: asked.name === undefined ? before.name : asked.name,
  };
  const saved = withDefault(call, customer, asked.invoice_settings?.default_payment_method);
  emit(call.world, 'customer.updated', saved, call);
  return saved;
};

/** DELETE /v1/customers/ID: ends its subscriptions at once. */
export const deleteCustomer: Route = (call) => {
  params(call, {});
  const customer = customerOf(call.world, idOf(call), 'id', 404);
  removeCustomer(call.world, customer);
  return { id: customer.id, object: 'customer', deleted: true };
};

/** Deletes a customer and ends its subscriptions. */
export function removeCustomer(world: World, customer: Customer): void {
  for (const one of world.state.all('subscription')) {
    if (one.customer === customer.id && one.ended_at === null) endSubscription(world, one);
  }
  world.state.put('customer', { ...customer, deleted: true });
  emit(world, 'customer.deleted', customer);
}

/** Makes a customer with a chosen id, which Stripe itself does not offer; for worlds that name their customers. */
export function seedCustomer({ state, clock }: World, id: string): void {
  if (state.get('customer', id) === undefined) state.put('customer', blank(id, clock.seconds()));
}

function blank(id: string, created: number): Customer {
  return {
    id,
    object: 'customer',
    balance: 0,
    created,
    currency: null,
    description: null,
    email: null,
    invoice_settings: { default_payment_method: null },
    livemode: false,
    metadata: {},
    name: null,
    test_clock: null,
  };
}

function withDefault({ world }: Call, customer: Customer, method: string | null | undefined): Customer {
  const saved = method === undefined ? customer : { ...customer, invoice_settings: { default_payment_method: method } };
  if (typeof method === 'string' && world.state.get('payment_method', method)?.customer !== customer.id) {
    throw conflict(`The customer does not have a payment method with the ID ${method}.`, {
      param: 'invoice_settings[default_payment_method]',
    });
  }
  world.state.put('customer', saved);
  return saved;
}
