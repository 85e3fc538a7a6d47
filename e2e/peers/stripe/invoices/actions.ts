import { pays } from '../catalog/payment-methods.ts';
import { returnGrants } from '../credits/apply.ts';
import { type Call, params, type Route } from '../exchange.ts';
import { conflict, Refusal } from '../http/refusal.ts';
import { expand } from '../params/common.ts';
import { boolean, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import { now } from '../world.ts';
import { finalize } from './finalize.ts';
import { invoiceOf } from './invoices.ts';
import { methodFor, settled } from './payment.ts';
import type { Invoice } from './records.ts';
import { shown } from './show.ts';

/** POST /v1/invoices/ID/finalize */
export const finalizeInvoice: Route = (call) => {
  const { auto_advance } = params(call, { auto_advance: optional(boolean), expand });
  const invoice = invoiceOf(call);
  if (auto_advance !== undefined) call.world.state.put('invoice', { ...invoice, auto_advance });
  return shown(call.world, finalize(call.world, invoice.id));
};

/** POST /v1/invoices/ID/pay: 402 when the payment method declines. */
export const payInvoice: Route = (call) => {
  const asked = params(call, { paid_out_of_band: optional(boolean), payment_method: optional(text()), expand });
  const invoice = invoiceOf(call);
  if (invoice.status === 'paid') throw conflict('Invoice is already paid', { code: 'invoice_already_paid' });
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw conflict(`An invoice that is ${invoice.status} cannot be paid; finalize it first.`);
  }
  const method = asked.payment_method ?? methodFor(call.world, invoice);
  const isPaid = asked.paid_out_of_band === true || (method !== null && pays(call.world, method));
  if (isPaid) return shown(call.world, settled(call.world, { ...invoice, attempt_count: invoice.attempt_count + 1 }));
  if (method === null) throw conflict('There is no default payment method set on this Customer or Invoice.');
  throw new Refusal(402, 'Your card was declined.', { type: 'card_error', code: 'card_declined' });
};

/** POST /v1/invoices/ID/void: an open invoice counts for nothing; credits go back. */
export const voidInvoice: Route = (call) => {
  params(call, { expand });
  const invoice = invoiceOf(call);
  if (invoice.status !== 'open' && invoice.status !== 'uncollectible') {
    throw conflict(`You can only void open or uncollectible invoices, this one is ${invoice.status}.`);
  }
  const at = now(call.world, invoice.test_clock);
  returnGrants(call.world, invoice);
  return ended(call, 'invoice.voided', {
    ...invoice,
    status: 'void',
    status_transitions: { ...invoice.status_transitions, voided_at: at },
  });
};

/** POST /v1/invoices/ID/mark_uncollectible */
export const writeOff: Route = (call) => {
  params(call, { expand });
  const invoice = invoiceOf(call);
  if (invoice.status !== 'open')
    throw conflict(`Only open invoices can be written off, this one is ${invoice.status}.`);
  return ended(call, 'invoice.marked_uncollectible', {
    ...invoice,
    status: 'uncollectible',
    status_transitions: { ...invoice.status_transitions, marked_uncollectible_at: now(call.world, invoice.test_clock) },
  });
};

function ended(call: Call, type: string, invoice: Invoice): object {
  const { world } = call;
  const done = { ...invoice, next_payment_attempt: null };
  world.timers.clear('invoice-payment', invoice.id);
  world.timers.clear('invoice-overdue', invoice.id);
  world.state.put('invoice', done);
  emit(world, type, shown(world, done), call);
  return shown(world, done);
}
