import Stripe from 'stripe';
import { afterEach } from 'vitest';

import { type PeerOptions, type StripePeer, startStripePeer } from './index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Does this after the test. */
export function afterwards(cleanup: () => Promise<unknown>): void {
  cleanups.push(cleanup);
}

/** A customer that every peer of a test knows. */
export const acme = 'cus_acme';

/** A peer for one test, with limits that do not matter and `acme` as a customer. */
export async function testPeer(options: PeerOptions = {}): Promise<{ peer: StripePeer; stripe: Stripe }> {
  const peer = await startStripePeer({
    customers: [acme],
    ...options,
    settings: { ratePerSecond: 100_000, ...options.settings },
  });
  afterwards(() => peer.close());
  return { peer, stripe: clientOf(peer) };
}

/** The unmodified package, asking once. */
export function clientOf({ url }: Pick<StripePeer, 'url'>, key = 'sk_test_peer'): Stripe {
  const { hostname, port } = new URL(url);
  const reach = { host: hostname, port, protocol: 'http' } as const;
  return new Stripe(key, { ...reach, maxNetworkRetries: 0, timeout: 5000, telemetry: false });
}

/** Asks one of the peer's own routes. */
export async function ask(peer: StripePeer, route: string, body?: object): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${peer.url}/_peer/${route}`, init);
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`the peer refused ${route}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What the peer has counted. */
export interface Truth {
  readonly now: number;
  readonly events: readonly { readonly identifier: string; readonly state: string; readonly rejected?: string }[];
  readonly sums: readonly Sum[];
  readonly hours: readonly (Sum & { readonly hour: number })[];
  readonly attempts: readonly { readonly identifier: string; readonly count: number; readonly outcomes: object }[];
  readonly deliveries: readonly {
    readonly type: string;
    readonly state: string;
    readonly attempts: readonly object[];
  }[];
}

interface Sum {
  readonly customer: string;
  readonly eventName: string;
  readonly value: string;
}

/** The peer's ground truth. */
export async function truthOf(peer: StripePeer): Promise<Truth> {
  const answer = await ask(peer, 'truth');
  // The peer's own route, of this repository.
  return answer as Truth;
}

/** A meter that sums whole seconds. */
export async function secondsMeter(
  stripe: Stripe,
  change: Partial<Stripe.Billing.MeterCreateParams> = {},
): Promise<Stripe.Billing.Meter> {
  const formula = { default_aggregation: { formula: 'sum' } } as const;
  return await stripe.billing.meters.create({
    display_name: 'GPU seconds',
    event_name: 'gpu_seconds__l4',
    ...formula,
    ...change,
  });
}

/** A meter event of `acme`. */
export function usage(
  identifier: string,
  value: string,
  change: Partial<Stripe.Billing.MeterEventCreateParams> = {},
): Stripe.Billing.MeterEventCreateParams {
  const payload = { stripe_customer_id: acme, value };
  return { event_name: 'gpu_seconds__l4', identifier, payload, ...change };
}
