import { customerOf } from '../catalog/find.ts';
import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { currency, emptyText, expand, mergeMetadata, metadata, paging, time } from '../params/common.ts';
import { boolean, integer, oneOf, optional, text } from '../params/shape.ts';
import type { Subscription } from '../subscriptions/records.ts';
import { emit } from '../webhooks/emit.ts';
import { now } from '../world.ts';
import { draft, refreshed, waiting, withWaiting } from './build.ts';
import type { Invoice } from './records.ts';
import { shown, shownLine } from './show.ts';

/** A draft may wait 72 hours at most. */
const mostGraceSeconds = 72 * 3600;
const method = optional(oneOf('charge_automatically', 'send_invoice'));

/** POST /v1/invoices: a draft of its own, outside of any period. */
export const createInvoice: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    auto_advance: optional(boolean),
    automatically_finalizes_at: optional(time),
    collection_method: method,
    currency: optional(currency),
    customer: text(),
    days_until_due: optional(integer({ least: 0 })),
    default_payment_method: optional(text()),
    description: optional(text()),
    metadata,
    pending_invoice_items_behavior: optional(oneOf('exclude', 'include')),
    subscription: optional(text()),
    expand,
  });
  const customer = customerOf(world, asked.customer);
  const at = now(world, customer.test_clock);
  const subscription = subscriptionFor(call, asked.subscription);
  const about = {
    ...({ reason: 'manual', subscription, period: { start: at, end: at }, usage: [], fixed: [] } as const),
    ...{ currency: asked.currency ?? customer.currency ?? 'usd', collection_method: asked.collection_method },
    days_until_due: asked.days_until_due,
  };
  const blank: Invoice = {
    ...draft(world, world.state.id('in'), customer, about),
    auto_advance: asked.auto_advance ?? false,
    default_payment_method: asked.default_payment_method ?? null,
    description: asked.description ?? null,
    metadata: mergeMetadata({}, asked.metadata),
  };
  const isFull = asked.pending_invoice_items_behavior === 'include';
  const items = isFull ? waiting(world, customer.id, blank.currency, asked.subscription ?? null) : [];
  const invoice = scheduled(call, withWaiting(world, blank, items), asked.automatically_finalizes_at);
  emit(world, 'invoice.created', shown(world, invoice), call);
  return shown(world, invoice);
};

/** GET /v1/invoices/ID */
export const showInvoice: Route = (call) => {
  params(call, { expand });
  return shown(call.world, invoiceOf(call));
};

/** GET /v1/invoices/ID/lines, in their order. */
export const listLines: Route = (call) => {
  const asked = params(call, paging);
  const invoice = refreshed(call.world, invoiceOf(call));
  const lines = invoice.lines.map((line) => ({ ...shownLine(invoice.id, line), id: line.id }));
  return page(asked, `/v1/invoices/${invoice.id}/lines`, lines.toReversed());
};

/** GET /v1/invoices */
export const listInvoices: Route = (call) => {
  const asked = params(call, {
    ...paging,
    collection_method: method,
    customer: optional(text()),
    status: optional(oneOf('draft', 'open', 'paid', 'uncollectible', 'void')),
    subscription: optional(text()),
  });
  const found = call.world.state.all('invoice').filter((invoice) => {
    if (asked.customer !== undefined && invoice.customer !== asked.customer) return false;
    if (asked.status !== undefined && invoice.status !== asked.status) return false;
    if (asked.collection_method !== undefined && invoice.collection_method !== asked.collection_method) return false;
    return asked.subscription === undefined || invoice.subscription === asked.subscription;
  });
  return page(
    asked,
    '/v1/invoices',
    found.map((invoice) => shown(call.world, invoice)),
  );
};

/** POST /v1/invoices/ID: a finalised one keeps its amounts; `automatically_finalizes_at` holds a draft up to 72 hours. */
export const updateInvoice: Route = (call) => {
  const before = invoiceOf(call);
  const asked = params(call, {
    auto_advance: optional(boolean),
    automatically_finalizes_at: optional(time),
    collection_method: method,
    days_until_due: optional(integer({ least: 0 })),
    default_payment_method: optional(text()),
    description: emptyText,
    metadata,
    expand,
  });
  const touchesDraft = [
    asked.automatically_finalizes_at,
    asked.days_until_due,
    asked.description,
    asked.collection_method,
  ];
  if (before.status !== 'draft' && touchesDraft.some((value) => value !== undefined)) {
    throw conflict('Finalized invoices cannot be updated in this way.', { code: 'invoice_not_editable' });
  }
  const changed: Invoice = {
    ...before,
    auto_advance: asked.auto_advance ?? before.auto_advance,
    collection_method: asked.collection_method ?? before.collection_method,
    days_until_due: asked.days_until_due ?? before.days_until_due,
    default_payment_method: asked.default_payment_method ?? before.default_payment_method,
    description: asked.description === undefined ? before.description : asked.description,
    metadata: mergeMetadata(before.metadata, asked.metadata),
  };
  const invoice = scheduled(call, changed, asked.automatically_finalizes_at);
  emit(call.world, 'invoice.updated', shown(call.world, invoice), call);
  return shown(call.world, invoice);
};

/** DELETE /v1/invoices/ID: drafts only; their items wait again. */
export const deleteInvoice: Route = (call) => {
  params(call, {});
  const { state, timers } = call.world;
  const invoice = invoiceOf(call);
  if (invoice.status !== 'draft' || invoice.billing_reason !== 'manual') {
    throw conflict('You can only delete draft invoices that no subscription made.');
  }
  for (const item of state.all('invoice_item')) {
    if (item.invoice === invoice.id) state.put('invoice_item', { ...item, invoice: null });
  }
  timers.clear('invoice-finalize', invoice.id);
  state.remove('invoice', invoice.id);
  emit(call.world, 'invoice.deleted', shown(call.world, invoice), call);
  return { id: invoice.id, object: 'invoice', deleted: true };
};

/** The invoice that the path names. */
export function invoiceOf(call: Call): Invoice {
  const invoice = call.world.state.get('invoice', idOf(call));
  if (invoice === undefined) throw missing('invoice', idOf(call));
  return invoice;
}

function subscriptionFor({ world }: Call, id: string | undefined): Subscription | null {
  if (id === undefined) return null;
  const subscription = world.state.get('subscription', id);
  if (subscription === undefined) throw missing('subscription', id, 'subscription', 400);
  return subscription;
}

function scheduled({ world }: Call, invoice: Invoice, asked: number | undefined): Invoice {
  const { timers, settings, state } = world;
  if (asked !== undefined && (asked > invoice.created + mostGraceSeconds || asked < now(world, invoice.test_clock))) {
    const message = 'automatically_finalizes_at must lie in the future and at most 72 hours after the creation.';
    throw conflict(message, { param: 'automatically_finalizes_at' });
  }
  const planned = asked ?? invoice.automatically_finalizes_at ?? invoice.created + settings.invoiceGraceSeconds;
  const at = invoice.status === 'draft' && (invoice.auto_advance || asked !== undefined) ? planned : null;
  if (at === null) timers.clear('invoice-finalize', invoice.id);
  else timers.set('invoice-finalize', invoice.id, at, invoice.test_clock);
  const kept = { ...invoice, automatically_finalizes_at: at };
  state.put('invoice', kept);
  return kept;
}
