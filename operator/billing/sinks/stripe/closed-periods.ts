import type Stripe from 'stripe';

import type { ClosedPeriod } from '../sink.ts';

const mostListed = 100;
const daySeconds = 86_400;
const finalStates: readonly (string | null)[] = ['open', 'paid', 'uncollectible'];

/**
 * The closed periods of a customer that end after `from` (unix seconds): those of final invoices of subscriptions that bill
 * one of the meters. `known` remembers which do. A call for each hundred invoices, and one for each new subscription.
 */
export async function readClosedPeriods(
  stripe: Stripe,
  meters: ReadonlySet<string>,
  known: Map<string, boolean>,
  { customer, from }: { readonly customer: string; readonly from: number },
): Promise<readonly ClosedPeriod[]> {
  const closed: ClosedPeriod[] = [];
  for await (const invoice of stripe.invoices.list({ customer, limit: mostListed })) {
    // Newest first, and an invoice is made when its period ends.
    if (invoice.created < from - daySeconds) break;
    const { period_start: start, period_end: end, status, billing_reason } = invoice;
    const of = invoice.parent?.subscription_details?.subscription;
    // One that a threshold made closes nothing.
    const isClosed = finalStates.includes(status) && billing_reason !== 'subscription_threshold';
    if (of === undefined || !isClosed || end <= from || end <= start) continue;
    const subscription = typeof of === 'string' ? of : of.id;
    const bills = known.get(subscription) ?? (await billsMeters(stripe, subscription, meters));
    known.set(subscription, bills);
    if (bills) closed.push({ start, end, closedAt: invoice.status_transitions.finalized_at ?? invoice.created });
  }
  return closed;
}

async function billsMeters(stripe: Stripe, subscription: string, meters: ReadonlySet<string>): Promise<boolean> {
  const { items } = await stripe.subscriptions.retrieve(subscription);
  return items.data.some(({ price }) => meters.has(price.recurring?.meter ?? ''));
}
