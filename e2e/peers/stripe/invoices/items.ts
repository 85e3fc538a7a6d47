import { customerOf } from '../catalog/find.ts';
import { priceOf } from '../catalog/prices.ts';
import { type Call, idOf, page, params, type Route } from '../exchange.ts';
import { conflict, missing } from '../http/refusal.ts';
import { currency, decimal, emptyText, expand, mergeMetadata, metadata, paging, time } from '../params/common.ts';
import { boolean, integer, object, optional, text } from '../params/shape.ts';
import { now, type World } from '../world.ts';
import { totalled, withWaiting } from './build.ts';
import { exact, rounded } from './rating.ts';
import type { Invoice, InvoiceItem } from './records.ts';

/** POST /v1/invoiceitems: an amount, or a price or unit amount with a quantity; negative amounts give credit. */
export const createItem: Route = (call) => {
  const { world } = call;
  const asked = params(call, {
    amount: optional(integer()),
    currency: optional(currency),
    customer: text(),
    description: optional(text()),
    discountable: optional(boolean),
    invoice: optional(text()),
    metadata,
    period: optional(object({ start: time, end: time })),
    pricing: optional(object({ price: text() })),
    quantity: optional(integer({ least: 0 })),
    subscription: optional(text()),
    unit_amount_decimal: optional(decimal),
    expand,
  });
  const customer = customerOf(world, asked.customer);
  const invoice = asked.invoice === undefined ? undefined : draftOf(world, asked.invoice);
  const price = asked.pricing === undefined ? undefined : priceOf(world, asked.pricing.price, 'pricing[price]');
  if (price?.type === 'recurring') throw conflict('The price must be one_time.', { param: 'pricing[price]' });
  const unit = price?.unit_amount_decimal ?? asked.unit_amount_decimal;
  if ((unit === undefined) === (asked.amount === undefined)) {
    throw conflict('Give one of amount, pricing and unit_amount_decimal.', { param: 'amount' });
  }
  if (asked.amount !== undefined && asked.quantity !== undefined) throw conflict('quantity does not go with amount.');
  const quantity = asked.quantity ?? 1;
  const at = now(world, customer.test_clock);
  const item: InvoiceItem = {
    id: world.state.id('ii'),
    object: 'invoiceitem',
    amount: asked.amount ?? rounded(exact(unit ?? '0') * BigInt(quantity)),
    currency: price?.currency ?? asked.currency ?? invoice?.currency ?? customer.currency ?? 'usd',
    customer: customer.id,
    date: at,
    description: asked.description ?? null,
    discountable: asked.discountable ?? true,
    invoice: null,
    livemode: false,
    metadata: mergeMetadata({}, asked.metadata),
    period: asked.period ?? { start: at, end: at },
    pricing:
      price === undefined
        ? null
        : {
            type: 'price_details',
            price_details: { price: price.id, product: price.product },
            unit_amount_decimal: unit ?? null,
          },
    proration: false,
    quantity,
    subscription: asked.subscription ?? invoice?.subscription ?? null,
    test_clock: customer.test_clock,
  };
  world.state.put('invoice_item', item);
  if (invoice === undefined) return item;
  if (invoice.customer !== customer.id)
    throw conflict('The invoice belongs to another customer.', { param: 'invoice' });
  world.state.put('invoice', withWaiting(world, invoice, [item]));
  return { ...item, invoice: invoice.id };
};

/** GET /v1/invoiceitems/ID */
export const showItem: Route = (call) => {
  params(call, { expand });
  return itemOf(call);
};

/** GET /v1/invoiceitems */
export const listItems: Route = (call) => {
  const asked = params(call, {
    ...paging,
    customer: optional(text()),
    invoice: optional(text()),
    pending: optional(boolean),
  });
  const found = call.world.state.all('invoice_item').filter((item) => {
    if (asked.customer !== undefined && item.customer !== asked.customer) return false;
    if (asked.pending !== undefined && asked.pending !== (item.invoice === null)) return false;
    return asked.invoice === undefined || item.invoice === asked.invoice;
  });
  return page(asked, '/v1/invoiceitems', found);
};

/** POST /v1/invoiceitems/ID: until its invoice is finalised. */
export const updateItem: Route = (call) => {
  const before = itemOf(call);
  const asked = params(call, { amount: optional(integer()), description: emptyText, metadata, expand });
  const item: InvoiceItem = {
    ...before,
    amount: asked.amount ?? before.amount,
    description: asked.description === undefined ? before.description : asked.description,
    metadata: mergeMetadata(before.metadata, asked.metadata),
  };
  detach(call.world, before);
  call.world.state.put('invoice_item', item);
  if (item.invoice !== null) attach(call.world, item.invoice, item);
  return item;
};

/** DELETE /v1/invoiceitems/ID */
export const deleteItem: Route = (call) => {
  params(call, {});
  const item = itemOf(call);
  detach(call.world, item);
  call.world.state.remove('invoice_item', item.id);
  return { id: item.id, object: 'invoiceitem', deleted: true };
};

function itemOf(call: Call): InvoiceItem {
  const item = call.world.state.get('invoice_item', idOf(call));
  if (item === undefined) throw missing('invoiceitem', idOf(call));
  return item;
}

function draftOf({ state }: World, id: string): Invoice {
  const invoice = state.get('invoice', id);
  if (invoice === undefined) throw missing('invoice', id, 'invoice', 400);
  if (invoice.status === 'draft') return invoice;
  throw conflict('The invoice is no longer editable.', { code: 'invoice_not_editable', param: 'invoice' });
}

function detach(world: World, item: InvoiceItem): void {
  if (item.invoice === null) return;
  const invoice = draftOf(world, item.invoice);
  const lines = invoice.lines.filter(({ parent }) => parent.invoice_item_details?.invoice_item !== item.id);
  world.state.put('invoice', totalled({ ...invoice, lines }));
}

function attach(world: World, invoice: string, item: InvoiceItem): void {
  world.state.put('invoice', withWaiting(world, draftOf(world, invoice), [item]));
}
