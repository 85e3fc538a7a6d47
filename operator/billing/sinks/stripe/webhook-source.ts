import type Stripe from 'stripe';

import type {
  InvoiceReading,
  Notice,
  Opened,
  Reading,
  SubscriptionReading,
  WebhookSource,
} from '../../webhooks/source.ts';
import { connect, errors, type StripeConnection } from './sdk.ts';

/** How old a signature may be, in seconds: Stripe signs anew for each attempt. */
const toleranceSeconds = 300;
const reports = ['v1.billing.meter.error_report_triggered', 'v1.billing.meter.no_meter_found'];

/**
 * Stripe's webhooks: snapshot events of v1 and thin events of v2. `secrets` are those of the endpoints that send here; one
 * that fits suffices, so that a secret can be rolled.
 */
export function stripeWebhooks(connection: StripeConnection, secrets: readonly string[]): WebhookSource {
  const stripe = connect(connection);
  return {
    signatureHeader: 'stripe-signature',
    open: (payload, signature, receivedAt) => {
      const isThin = isThinEvent(payload);
      for (const secret of secrets) {
        const event = verified(stripe, isThin, payload, signature, secret, receivedAt);
        if (event !== undefined) return event;
      }
      return {
        kind: 'refused',
        reason: 'no secret of this provider fits the signature, or it is older than 5 minutes',
      };
    },
    read: async ({ event, type, object }) => {
      if (reports.includes(type)) return await readReport(stripe, event);
      try {
        if (object?.type === 'invoice') return invoiceReading(await stripe.invoices.retrieve(object.id));
        if (object?.type === 'credit_note') return await creditedInvoice(stripe, object.id);
        if (object?.type === 'subscription') return subscriptionReading(await stripe.subscriptions.retrieve(object.id));
      } catch (error) {
        if (error instanceof errors.StripeInvalidRequestError && error.statusCode === 404) return { kind: 'gone' };
        throw error;
      }
      return { kind: 'nothing' };
    },
  };
}

function verified(
  stripe: Stripe,
  isThin: boolean,
  payload: string,
  signature: string,
  secret: string,
  receivedAt: number,
): Opened | undefined {
  try {
    const check = [payload, signature, secret, toleranceSeconds, undefined, receivedAt] as const;
    const notice = isThin
      ? thin(stripe.parseEventNotification(...check))
      : snapshot(stripe.webhooks.constructEvent(...check));
    return { kind: 'notice', notice };
  } catch (error) {
    if (error instanceof errors.StripeSignatureVerificationError) return undefined;
    // Signed, and yet no event: the secret fits, the payload does not.
    return { kind: 'refused', reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Chooses the check only: nothing is believed before it. */
function isThinEvent(payload: string): boolean {
  try {
    const parsed: unknown = JSON.parse(payload);
    return Reflect.get(Object(parsed), 'object') === 'v2.core.event';
  } catch {
    return false;
  }
}

function snapshot(event: Stripe.Event): Notice {
  const { object } = event.data;
  const id: unknown = Reflect.get(object, 'id');
  const type: unknown = Reflect.get(object, 'object');
  return {
    event: event.id,
    type: event.type,
    createdAt: event.created * 1000,
    object: typeof id === 'string' && typeof type === 'string' ? { id, type } : undefined,
    mode: event.livemode ? 'live' : 'test',
  };
}

function thin(event: Stripe.V2.Core.EventNotification): Notice {
  const related: unknown = 'related_object' in event ? event.related_object : null;
  const id: unknown = Reflect.get(Object(related), 'id');
  const type: unknown = Reflect.get(Object(related), 'type');
  return {
    event: event.id,
    type: event.type,
    createdAt: Date.parse(event.created),
    object: typeof id === 'string' && typeof type === 'string' ? { id, type } : undefined,
    mode: event.livemode ? 'live' : 'test',
  };
}

async function readReport(stripe: Stripe, id: string): Promise<Reading> {
  const event = await stripe.v2.core.events.retrieve(id);
  if (event.type !== 'v1.billing.meter.error_report_triggered' && event.type !== 'v1.billing.meter.no_meter_found') {
    return { kind: 'nothing' };
  }
  // A repetition that the stream found later says that the event before it counts.
  const errorTypes = event.data.reason.error_types.filter(({ code }) => code !== 'duplicate_meter_event');
  const rejections = errorTypes.flatMap(({ code, sample_errors }) =>
    sample_errors.map(({ error_message, request }) => ({
      identifier: request.identifier,
      code,
      message: error_message,
    })),
  );
  return { kind: 'rejections', rejections };
}

/** What a credit note changes is its invoice. */
async function creditedInvoice(stripe: Stripe, id: string): Promise<InvoiceReading> {
  const { invoice } = await stripe.creditNotes.retrieve(id);
  return invoiceReading(await stripe.invoices.retrieve(typeof invoice === 'string' ? invoice : invoice.id));
}

function invoiceReading(invoice: Stripe.Invoice): InvoiceReading {
  const subscription = invoice.parent?.subscription_details?.subscription ?? null;
  return {
    kind: 'invoice',
    id: invoice.id,
    customer: idOf(invoice.customer) ?? '',
    subscription: idOf(subscription),
    number: invoice.number,
    status: invoice.status ?? 'draft',
    currency: invoice.currency,
    total: BigInt(invoice.total),
    amountDue: BigInt(invoice.amount_due),
    amountPaid: BigInt(invoice.amount_paid),
    amountRemaining: BigInt(invoice.amount_remaining),
    credited: BigInt(invoice.pre_payment_credit_notes_amount + invoice.post_payment_credit_notes_amount),
    period: { start: invoice.period_start * 1000, end: invoice.period_end * 1000 },
    finalizesAt: millis(invoice.automatically_finalizes_at),
  };
}

/** Since 2025-03-31 the period is that of the items. */
function subscriptionReading(subscription: Stripe.Subscription): SubscriptionReading {
  const [item] = subscription.items.data;
  return {
    kind: 'subscription',
    id: subscription.id,
    customer: idOf(subscription.customer) ?? '',
    status: subscription.status,
    period: item && { start: item.current_period_start * 1000, end: item.current_period_end * 1000 },
    cancelAt: millis(subscription.cancel_at),
    endedAt: millis(subscription.ended_at),
  };
}

function idOf(value: string | { readonly id: string } | null): string | null {
  return typeof value === 'string' ? value : (value?.id ?? null);
}

function millis(seconds: number | null): number | null {
  return seconds === null ? null : seconds * 1000;
}
