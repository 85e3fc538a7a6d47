import type { Clock } from '../../../observability/index.ts';
import type { BatchDelivery, Delivery, FrozenUsage } from '../sink.ts';
import { classify } from './classify.ts';
import { errors, type StripeConnection } from './sdk.ts';
import { streamSessions } from './session.ts';

/** Of one call [D]. */
const mostRows = 100;

/**
 * Stripe's meter event stream (v2): up to 100 events a call under a session's token. A call that succeeds says that the
 * events were taken; they are looked at later, and what is wrong with one is reported by webhook or found in the sums.
 */
export function meterEventStream(connection: StripeConnection, clock: Pick<Clock, 'monotonic'>): BatchDelivery {
  const sessions = streamSessions(connection, clock);
  return {
    mostRows,
    deliver: async (rows) => {
      const session = await sessions.current().catch(noSession);
      if ('kind' in session) return session;
      try {
        await session.stripe.v2.billing.meterEventStream.create({ events: rows.map(eventOf) });
        return { kind: 'accepted' };
      } catch (error) {
        if (isOver(error)) sessions.drop(session);
        return judged(error);
      }
    },
  };
}

function eventOf({ identifier, eventName, customer, timestamp, quantity }: FrozenUsage) {
  return {
    event_name: eventName,
    identifier,
    timestamp: new Date(timestamp * 1000).toISOString(),
    payload: { stripe_customer_id: customer, value: quantity.toString() },
  };
}

function isOver(error: unknown): boolean {
  // 401 is about the token too: whether the key itself is refused, the next session will tell.
  return error instanceof errors.TemporarySessionExpiredError || error instanceof errors.StripeAuthenticationError;
}

/** Only a 400 is about what the rows say. */
function judged(error: unknown): Delivery {
  const delivery = classify(error);
  const isAboutRows = error instanceof errors.StripeInvalidRequestError && error.statusCode === 400;
  if (delivery.kind === 'rejected' && !isAboutRows) return unknown(delivery.code, delivery.message);
  if (delivery.kind === 'refused' && delivery.reason === 'auth') return unknown('session refused', delivery.message);
  return delivery;
}

/** No session, and so nothing was sent: no row is to blame. */
function noSession(error: unknown): Delivery {
  const delivery = classify(error);
  return delivery.kind === 'rejected' ? unknown(`no session: ${delivery.code}`, delivery.message) : delivery;
}

function unknown(code: string, message: string): Delivery {
  return { kind: 'unknown', reason: `${code}: ${message}` };
}
