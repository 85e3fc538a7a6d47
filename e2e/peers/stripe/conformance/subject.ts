import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import Stripe from 'stripe';
import type { StripePeer } from '../index.ts';
import type { PeerSettings } from '../settings.ts';
import { ask, clientOf, testPeer } from '../testing.ts';

/** What is asked: the peer, or a real sandbox. */
export interface Subject {
  readonly stripe: Stripe;
  /** The same account by another key. */
  readonly withKey: (key: string) => Stripe;
  /** Different for each case, so that a sandbox can be asked again and again. */
  readonly mark: string;
  /** Unix seconds there. */
  readonly now: () => Promise<number>;
  /** Waits until `done`, as what happens after an answer takes its time. */
  readonly until: <T>(what: string, done: () => Promise<T | undefined>) => Promise<T>;
}

/** A case: one set of assertions for both. */
export interface Case {
  readonly name: string;
  readonly run: (subject: Subject) => Promise<void>;
}

const lagSeconds = 120;
const sandboxGapMillis = 60;
const sandboxPatienceMillis = 180_000;

/** A peer that takes as long as Stripe says it may; `through` may put something before it and answers its address. */
export async function peerSubject(
  settings: Partial<PeerSettings>,
  through: (peerUrl: string) => Promise<string> = async (url) => url,
): Promise<{ readonly peer: StripePeer; readonly subject: Subject }> {
  const { peer } = await testPeer({ settings: { validationLagSeconds: lagSeconds, ...settings } });
  const url = await through(peer.url);
  const subject: Subject = {
    stripe: clientOf({ url }),
    withKey: (key) => clientOf({ url }, key),
    mark: 'case',
    now: async () => Number(Reflect.get(Object(await ask(peer, 'truth')), 'now')),
    until: async (what, done) => {
      await ask(peer, 'clock', { advanceSeconds: lagSeconds });
      const found = await done();
      if (found === undefined) throw new Error(`not so after ${lagSeconds} s: ${what}`);
      return found;
    },
  };
  return { peer, subject };
}

/** A real sandbox, asked at most 17 times a second. */
export function sandboxSubject(key: string): Subject {
  let next = 0;
  const paced: typeof fetch = async (input, init) => {
    const at = Math.max(next, Date.now());
    next = at + sandboxGapMillis;
    await delay(at - Date.now());
    return await fetch(input, init);
  };
  const open = (token: string): Stripe =>
    new Stripe(token, { httpClient: Stripe.createFetchHttpClient(paced), maxNetworkRetries: 0, telemetry: false });
  return {
    stripe: open(key),
    withKey: open,
    mark: `case_${randomUUID().slice(0, 8)}`,
    now: async () => Math.floor(Date.now() / 1000),
    until: async (what, done) => {
      const end = Date.now() + sandboxPatienceMillis;
      for (;;) {
        const found = await done();
        if (found !== undefined) return found;
        if (Date.now() > end) throw new Error(`not so after ${sandboxPatienceMillis / 1000} s: ${what}`);
        await delay(3000);
      }
    },
  };
}
