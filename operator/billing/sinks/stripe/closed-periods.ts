import type Stripe from 'stripe';

import type { ClosedPeriod } from '../sink.ts';

const mostListed = 100;
const daySeconds = 86_400;
const finalStates: readonly (string | null)[] = ['open', 'paid', 'uncollectible'];

/**
 * The closed periods of a customer that end after `from` (unix seconds): those of final invoices of subscriptions that bill
 * one of the meters, and the time in which there was none of these, of which nothing is ever billed. A customer who never had
 * one has none: whoever makes it says what it bills. A call for each hundred subscriptions and invoices.
 */
export async function readClosedPeriods(
  stripe: Stripe,
  meters: ReadonlySet<string>,
  { customer, from }: { readonly customer: string; readonly from: number },
): Promise<readonly ClosedPeriod[]> {
  const billing = new Map<string, Span>();
  for await (const one of stripe.subscriptions.list({ customer, status: 'all', limit: mostListed })) {
    const bills = one.items.data.some(({ price }) => meters.has(price.recurring?.meter ?? ''));
    if (bills) billing.set(one.id, { start: one.start_date, end: one.ended_at ?? Number.POSITIVE_INFINITY });
  }
  if (billing.size === 0) return [];
  const closed: ClosedPeriod[] = gapsOf([...billing.values()]).map((gap) => ({ ...gap, closedAt: 0 }));
  for await (const invoice of stripe.invoices.list({ customer, limit: mostListed })) {
    // Newest first, and an invoice is made when its period ends.
    if (invoice.created < from - daySeconds) break;
    const { period_start: start, period_end: end, status, billing_reason } = invoice;
    const of = invoice.parent?.subscription_details?.subscription;
    const bills = billing.has((typeof of === 'string' ? of : of?.id) ?? '');
    // One that a threshold made closes nothing.
    const isClosed = finalStates.includes(status) && billing_reason !== 'subscription_threshold';
    if (bills && isClosed) {
      closed.push({ start, end, closedAt: invoice.status_transitions.finalized_at ?? invoice.created });
    }
  }
  return closed.filter(({ start, end }) => end > from && end > start);
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** The time that no span covers. */
function gapsOf(spans: readonly Span[]): readonly Span[] {
  const gaps: Span[] = [];
  let start = 0;
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    if (span.start > start) gaps.push({ start, end: span.start });
    start = Math.max(start, span.end);
  }
  return start === Number.POSITIVE_INFINITY ? gaps : [...gaps, { start, end: endOfTime }];
}

/** A time that no usage reaches, and that is still a date. */
const endOfTime = 8_000_000_000;
