import type Stripe from 'stripe';

import type { Clock } from '../../../observability/index.ts';
import { connect, type StripeConnection } from './sdk.ts';

/** Before the end of a session a new one is opened: a call may take as long as its timeout, 20 s. */
const marginMillis = 60_000;

/** A right to stream events for 15 minutes. */
export interface StreamSession {
  /** A client that shows the session's token. */
  readonly stripe: Stripe;
  /** When to open another one, by the monotonic clock. */
  readonly endsAt: number;
}

/** Keeps one session open. */
export interface StreamSessions {
  /** The session to use now, opened where there is none; throws what the SDK throws. */
  current(): Promise<StreamSession>;
  /** Stripe takes this one no more. */
  drop(session: StreamSession): void;
}

/** Sessions of one account. How long each lasts is Stripe's word, its beginning ours: the two clocks are not compared. */
export function streamSessions(connection: StripeConnection, clock: Pick<Clock, 'monotonic'>): StreamSessions {
  const account = connect(connection);
  const dropped = new WeakSet<StreamSession>();
  let opened: Promise<StreamSession> | undefined;
  const open = async (): Promise<StreamSession> => {
    const askedAt = clock.monotonic();
    const { authentication_token: key, created, expires_at } = await account.v2.billing.meterEventSession.create();
    const lasts = Date.parse(expires_at) - Date.parse(created);
    return { stripe: connect({ ...connection, key }), endsAt: askedAt + lasts - marginMillis };
  };
  const renew = (): Promise<StreamSession> => {
    const next = open();
    opened = next;
    // Who waits for it is told; who comes later tries anew.
    next.catch(() => {
      if (opened === next) opened = undefined;
    });
    return next;
  };
  return {
    current: async () => {
      const held = opened ?? renew();
      const session = await held;
      if (clock.monotonic() < session.endsAt && !dropped.has(session)) return session;
      // Of several that find it over, the first opens the next one.
      return await (opened === undefined || opened === held ? renew() : opened);
    },
    drop: (session) => void dropped.add(session),
  };
}
