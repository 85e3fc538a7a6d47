import type { Price } from '../catalog/records.ts';
import { aggregate } from '../metering/ledger.ts';
import type { Subscription, SubscriptionItem } from '../subscriptions/records.ts';
import type { World } from '../world.ts';
import { type Rated, rate } from './rating.ts';
import type { BilledUsage, InvoiceItem, InvoiceLine, Period } from './records.ts';

/** Lines for usage: what the meter has counted for the customer in the period, by the price that held. */
export function usageLines(
  world: World,
  customer: string,
  subscription: string,
  usage: BilledUsage,
): readonly InvoiceLine[] {
  const { state, ledger } = world;
  const price = state.get('price', usage.price);
  const meter = state.get('meter', price?.recurring?.meter ?? '');
  if (price === undefined || meter === undefined) return [];
  const { start, end } = usage.period;
  const quantity = aggregate(meter, ledger.events(meter.id, customer, start, end));
  return rate(price, quantity).map((rated) => itemLine(world, price, rated, usage.period, subscription, usage.item));
}

/** Lines for a licensed item, charged for the period to come. */
export function licensedLines(
  world: World,
  { id }: Subscription,
  item: SubscriptionItem,
  period: Period,
): readonly InvoiceLine[] {
  const price = world.state.get('price', item.price);
  if (price === undefined) return [];
  return rate(price, BigInt(item.quantity ?? 1)).map((rated) => itemLine(world, price, rated, period, id, item.id));
}

/** The line of an invoice item. */
export function pendingLine(item: InvoiceItem): InvoiceLine {
  const {
    id,
    amount,
    currency,
    description,
    discountable,
    metadata,
    period,
    pricing,
    proration,
    quantity,
    subscription,
  } = item;
  return {
    id: `il_${id}`,
    object: 'line_item',
    ...{ amount, currency, description, discountable, livemode: false, metadata },
    parent: {
      type: 'invoice_item_details',
      invoice_item_details: { invoice_item: id, proration, subscription },
      subscription_item_details: null,
    },
    ...{ period, pretax_credit_amounts: [], pricing, quantity, subtotal: amount },
  };
}

function itemLine(
  { state }: World,
  price: Price,
  { amount, quantity, tier, unitAmount }: Rated,
  period: Period,
  subscription: string,
  item: string,
): InvoiceLine {
  const name = state.get('product', price.product)?.name ?? price.product;
  const step = tier === undefined ? '' : ` (Tier ${tier})`;
  return {
    id: `il_${item}_${period.start}${tier === undefined ? '' : `_${tier}`}`,
    object: 'line_item',
    ...{
      amount,
      currency: price.currency,
      description: `${quantity} × ${name}${step}`,
      discountable: true,
      livemode: false,
    },
    metadata: {},
    parent: {
      type: 'subscription_item_details',
      invoice_item_details: null,
      subscription_item_details: { proration: false, subscription, subscription_item: item },
    },
    period,
    pretax_credit_amounts: [],
    pricing: {
      type: 'price_details',
      price_details: { price: price.id, product: price.product },
      unit_amount_decimal: unitAmount,
    },
    quantity: Number(quantity),
    subtotal: amount,
  };
}
