import type { Customer } from '../catalog/records.ts';
import type { Subscription } from '../subscriptions/records.ts';
import { now, type World } from '../world.ts';
import { pendingLine, usageLines } from './lines.ts';
import type { BilledUsage, Invoice, InvoiceItem, InvoiceLine, Period } from './records.ts';

/** What a new invoice is about. */
export interface Draft {
  readonly reason: Invoice['billing_reason'];
  readonly subscription: Subscription | null;
  readonly period: Period;
  readonly currency: string;
  readonly collection_method?: Invoice['collection_method'];
  readonly days_until_due?: number | null;
  readonly usage: readonly BilledUsage[];
  readonly fixed: readonly InvoiceLine[];
}

/** A draft that is not stored yet; its sums follow from its lines. */
export function draft(world: World, id: string, customer: Customer, about: Draft): Invoice {
  const { subscription, period, usage, fixed } = about;
  const created = now(world, customer.test_clock);
  const lines = [...usageOf(world, customer.id, subscription?.id ?? '', usage), ...fixed];
  const invoice: Invoice = {
    id,
    object: 'invoice',
    ...{ amount_due: 0, amount_paid: 0, amount_remaining: 0, attempt_count: 0, attempted: false },
    auto_advance: true,
    automatically_finalizes_at: null,
    billing_reason: about.reason,
    collection_method: about.collection_method ?? subscription?.collection_method ?? 'charge_automatically',
    created,
    currency: about.currency,
    customer: customer.id,
    customer_email: customer.email,
    customer_name: customer.name,
    days_until_due: about.days_until_due ?? subscription?.days_until_due ?? null,
    default_payment_method: subscription?.default_payment_method ?? null,
    description: null,
    due_date: null,
    ending_balance: null,
    lines,
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    period_end: period.end,
    period_start: period.start,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    starting_balance: customer.balance,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subscription: subscription?.id ?? null,
    subtotal: 0,
    test_clock: customer.test_clock,
    total: 0,
    total_pretax_credit_amounts: [],
    usage,
  };
  return totalled(invoice);
}

/** A draft with its usage read anew: old-period usage is still taken while it is a draft. */
export function refreshed(world: World, invoice: Invoice): Invoice {
  if (invoice.status !== 'draft') return invoice;
  const metered = new Set(invoice.usage.map(({ item }) => item));
  const fixed = invoice.lines.filter(
    ({ parent }) => !metered.has(parent.subscription_item_details?.subscription_item ?? ''),
  );
  const lines = [...usageOf(world, invoice.customer, invoice.subscription ?? '', invoice.usage), ...fixed];
  return totalled({ ...invoice, lines });
}

/** Sums from the lines. A negative total is not paid out: it becomes the customer's balance when finalised. */
export function totalled(invoice: Invoice): Invoice {
  const subtotal = invoice.lines.reduce((sum, { amount }) => sum + amount, 0);
  const credits = invoice.total_pretax_credit_amounts.reduce((sum, { amount }) => sum + amount, 0);
  const total = subtotal - credits;
  const amount_due = Math.max(0, total + invoice.starting_balance);
  return { ...invoice, subtotal, total, amount_due, amount_remaining: amount_due };
}

/** Invoice items of a customer that wait for an invoice of this subscription, or for any. */
export function waiting(
  { state }: World,
  customer: string,
  currency: string,
  subscription: string | null,
): readonly InvoiceItem[] {
  return state.all('invoice_item').filter((item) => {
    if (item.customer !== customer || item.invoice !== null || item.currency !== currency) return false;
    return item.subscription === null || item.subscription === subscription;
  });
}

/** Puts waiting items on an invoice. */
export function withWaiting({ state }: World, invoice: Invoice, items: readonly InvoiceItem[]): Invoice {
  for (const item of items) state.put('invoice_item', { ...item, invoice: invoice.id });
  return totalled({ ...invoice, lines: [...invoice.lines, ...items.map(pendingLine)] });
}

function usageOf(
  world: World,
  customer: string,
  subscription: string,
  usage: readonly BilledUsage[],
): readonly InvoiceLine[] {
  return usage.flatMap((one) => usageLines(world, customer, subscription, one));
}
