import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { expand, mergeMetadata, metadata, paging } from '../params/common.ts';
import { integer, oneOf, optional, text } from '../params/shape.ts';
import { emit } from '../webhooks/emit.ts';
import { now } from '../world.ts';
import { settled } from './payment.ts';
import type { CreditNote, Invoice } from './records.ts';

const money = optional(integer({ least: 0 }));

/**
 * POST /v1/credit_notes: takes an amount off a finalised invoice. What is still open shrinks; of what is paid, the parts
 * refunded, credited to the balance or settled elsewhere must add up (https://docs.stripe.com/api/credit_notes/create).
 */
export const createNote: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    invoice: text(),
    amount: integer({ least: 1 }),
    credit_amount: money,
    memo: optional(text()),
    metadata,
    out_of_band_amount: money,
    reason: optional(oneOf('duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory')),
    refund_amount: money,
    expand,
  });
  const invoice = world.state.get('invoice', asked.invoice);
  if (invoice === undefined) throw missing('invoice', asked.invoice, 'invoice', 400);
  if (invoice.status !== 'open' && invoice.status !== 'paid') {
    throw conflict(`Credit notes need an open or paid invoice, this one is ${invoice.status}.`, { param: 'invoice' });
  }
  refuseTooMuch(invoice, asked.amount);
  const before = Math.min(asked.amount, invoice.amount_remaining);
  const after = asked.amount - before;
  const { credit_amount = 0, refund_amount = 0, out_of_band_amount = 0 } = asked;
  if (credit_amount + refund_amount + out_of_band_amount !== after) {
    const message = `credit_amount, refund_amount and out_of_band_amount must add up to the ${after} that were paid.`;
    throw conflict(message, { param: 'credit_amount' });
  }
  const note: CreditNote = {
    id: world.state.id('cn'),
    object: 'credit_note',
    amount: asked.amount,
    created: now(world, invoice.test_clock),
    currency: invoice.currency,
    customer: invoice.customer,
    invoice: invoice.id,
    livemode: false,
    memo: asked.memo ?? null,
    metadata: mergeMetadata({}, asked.metadata),
    number: `${invoice.number}-CN-${notesOf(call, invoice).length + 1}`,
    out_of_band_amount: asked.out_of_band_amount ?? null,
    post_payment_amount: after,
    pre_payment_amount: before,
    reason: asked.reason ?? null,
    status: 'issued',
    subtotal: asked.amount,
    total: asked.amount,
    type: after === 0 ? 'pre_payment' : before === 0 ? 'post_payment' : 'mixed',
    voided_at: null,
  };
  world.state.put('credit_note', note);
  addToBalance(call, invoice.customer, -credit_amount);
  reduce(call, invoice, before, after);
  emit(world, 'credit_note.created', note, call);
  return note;
};

/** POST /v1/credit_notes/ID/void: while the invoice is open. */
export const voidNote: Route = (call) => {
  params(call, { expand });
  const { world } = call;
  const note = noteOf(call);
  const invoice = world.state.get('invoice', note.invoice);
  if (note.status === 'void' || invoice?.status !== 'open') throw conflict('This credit note cannot be voided.');
  const voided: CreditNote = { ...note, status: 'void', voided_at: now(world, invoice.test_clock) };
  world.state.put('credit_note', voided);
  reduce(call, invoice, -note.pre_payment_amount, 0);
  emit(world, 'credit_note.voided', voided, call);
  return voided;
};

/** GET /v1/credit_notes/ID */
export const showNote: Route = (call) => {
  params(call, { expand });
  return noteOf(call);
};

/** GET /v1/credit_notes */
export const listNotes: Route = (call) => {
  const asked = params(call, { ...paging, customer: optional(text()), invoice: optional(text()) });
  const found = call.world.state.all('credit_note').filter(({ customer, invoice }) => {
    if (asked.customer !== undefined && customer !== asked.customer) return false;
    return asked.invoice === undefined || invoice === asked.invoice;
  });
  return page(asked, '/v1/credit_notes', found);
};

function refuseTooMuch(invoice: Invoice, amount: number): void {
  const left = invoice.amount_paid + invoice.amount_remaining - invoice.post_payment_credit_notes_amount;
  if (amount <= left) return;
  throw conflict(`The amount ${amount} exceeds the ${left} that can still be credited.`, { param: 'amount' });
}

function reduce({ world }: Call, invoice: Invoice, before: number, after: number): void {
  const remaining = invoice.amount_remaining - before;
  const changed: Invoice = {
    ...invoice,
    amount_due: invoice.amount_due - before,
    amount_remaining: remaining,
    pre_payment_credit_notes_amount: invoice.pre_payment_credit_notes_amount + before,
    post_payment_credit_notes_amount: invoice.post_payment_credit_notes_amount + after,
  };
  if (invoice.status === 'open' && remaining === 0) settled(world, changed, 0);
  else world.state.put('invoice', changed);
}

function addToBalance({ world }: Call, id: string, change: number): void {
  const customer = world.state.get('customer', id);
  if (customer !== undefined && change !== 0) {
    world.state.put('customer', { ...customer, balance: customer.balance + change });
  }
}

function notesOf({ world }: Call, invoice: Invoice): readonly CreditNote[] {
  return world.state.all('credit_note').filter((note) => note.invoice === invoice.id);
}

function noteOf(call: Call): CreditNote {
  const note = call.world.state.get('credit_note', idOf(call));
  if (note === undefined) throw missing('credit note', idOf(call));
  return note;
}
