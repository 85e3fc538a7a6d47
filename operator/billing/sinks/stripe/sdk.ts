import Stripe from 'stripe';

/** The SDK's error classes. */
export const errors = Stripe.errors;

/** How the provider is reached. */
export interface StripeConnection {
  readonly key: string;
  /** Replaces api.stripe.com: scheme, host and optional port. */
  readonly endpoint?: string;
}

/** Longer than Stripe takes, far shorter than the outbox's patience. */
const timeoutMillis = 20_000;

/** A client that tries once: retries belong to the outbox, which knows what was frozen. */
export function connect({ key, endpoint }: StripeConnection): Stripe {
  const common = { maxNetworkRetries: 0, timeout: timeoutMillis, telemetry: false } as const;
  if (endpoint === undefined) return new Stripe(key, common);
  const { protocol, hostname, port } = new URL(endpoint);
  const scheme = protocol === 'http:' ? 'http' : 'https';
  return new Stripe(key, {
    ...common,
    host: hostname,
    port: port === '' ? defaultPort(scheme) : port,
    protocol: scheme,
  });
}

function defaultPort(scheme: 'http' | 'https'): number {
  return scheme === 'http' ? 80 : 443;
}
