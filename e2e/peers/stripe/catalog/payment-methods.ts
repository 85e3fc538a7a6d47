import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { expand, paging } from '../params/common.ts';
import { oneOf, optional, text } from '../params/shape.ts';
import type { World } from '../world.ts';
import { customerOf } from './find.ts';
import type { PaymentMethod } from './records.ts';

/**
 * Stripe's own test cards (https://docs.stripe.com/testing): attaching one makes a payment method of it. The last four
 * digits say how it behaves: 0341 attaches and then declines every charge.
 */
const testCards: Readonly<Record<string, { readonly brand: string; readonly last4: string }>> = {
  pm_card_visa: { brand: 'visa', last4: '4242' },
  pm_card_mastercard: { brand: 'mastercard', last4: '4444' },
  pm_card_chargeCustomerFail: { brand: 'visa', last4: '0341' },
};
const declines = '0341';

/** POST /v1/payment_methods/ID/attach */
export const attachMethod: Route = (call) => {
  const { customer } = params(call, { customer: text(), expand });
  return useMethod(call.world, idOf(call), customerOf(call.world, customer).id);
};

/** POST /v1/payment_methods/ID/detach */
export const detachMethod: Route = (call) => {
  params(call, { expand });
  const { state } = call.world;
  const method = { ...methodOf(call), customer: null };
  state.put('payment_method', method);
  for (const customer of state.all('customer')) {
    if (customer.invoice_settings.default_payment_method !== method.id) continue;
    state.put('customer', { ...customer, invoice_settings: { default_payment_method: null } });
  }
  return method;
};

/** GET /v1/payment_methods/ID */
export const showMethod: Route = (call) => {
  params(call, { expand });
  return methodOf(call);
};

/** GET /v1/payment_methods?customer= */
export const listMethods: Route = (call) => {
  const asked = params(call, { ...paging, customer: optional(text()), type: optional(oneOf('card')) });
  const found = call.world.state
    .all('payment_method')
    .filter(({ customer }) => customer !== null && (asked.customer === undefined || customer === asked.customer));
  return page(asked, '/v1/payment_methods', found);
};

/** Gives a customer a payment method: one of the test cards anew, or one that belongs to nobody. */
export function useMethod({ state, clock }: World, id: string, customer: string): PaymentMethod {
  const card = testCards[id];
  const known = state.get('payment_method', id);
  if (card === undefined && known === undefined) throw missing('PaymentMethod', id, 'payment_method', 400);
  if (known !== undefined && known.customer !== null && known.customer !== customer) {
    throw conflict('The payment method you provided has already been attached to another customer.');
  }
  const method: PaymentMethod = known ?? {
    id: state.id('pm'),
    object: 'payment_method',
    card: card ?? { brand: 'visa', last4: '4242' },
    created: clock.seconds(),
    customer: null,
    livemode: false,
    metadata: {},
    type: 'card',
  };
  const attached = { ...method, customer };
  state.put('payment_method', attached);
  return attached;
}

/** A charge on it goes through. */
export function pays({ state }: World, id: string): boolean {
  const method = state.get('payment_method', id);
  return method !== undefined && method.customer !== null && method.card.last4 !== declines;
}

function methodOf(call: Call): PaymentMethod {
  const method = call.world.state.get('payment_method', idOf(call));
  if (method === undefined) throw missing('PaymentMethod', idOf(call));
  return method;
}
