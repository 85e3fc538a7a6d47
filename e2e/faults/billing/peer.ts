import { type StripePeer, startStripePeer } from '../../peers/stripe/index.ts';
import type { SharedTime } from './shared-time.ts';
import type { World } from './world.ts';

/** What the peer has counted, as far as it is judged. */
export interface PeerTruth {
  readonly events: readonly {
    readonly identifier: string;
    readonly state: string;
    readonly voided: boolean;
  }[];
  readonly hours: readonly {
    readonly customer: string;
    readonly eventName: string;
    readonly hour: number;
    readonly value: string;
  }[];
  readonly invoices: readonly { readonly id: string; readonly status: string; readonly total: number }[];
  readonly attempts: readonly { readonly identifier: string; readonly count: number; readonly outcomes: object }[];
}

/** When the peer forgets identifiers: Stripe says "at least 24 hours". */
export type Expiry = '24h' | 'never';

/** The provider of a cell. */
export interface Provider {
  readonly url: string;
  truth(): Promise<PeerTruth>;
  /** Plans faults; see `POST /_peer/faults`. */
  faults(plan: object): Promise<void>;
  /** Calls Stripe's own API as a form. */
  call(path: string, form: Readonly<Record<string, string>>): Promise<Readonly<Record<string, unknown>>>;
  /** Sends the webhooks that are due, and waits for them. */
  sendWebhooks(): Promise<void>;
  close(): Promise<void>;
}

/** Events are counted, and shown in sums, so many seconds after they were taken: only a second reading is proof. */
const lagSeconds = 100;

/** Starts the Stripe peer on the time of the cell. */
export async function startProvider(world: World, time: SharedTime, expiry: Expiry): Promise<Provider> {
  const peer = await startStripePeer({
    customers: [...new Set(world.payers.map(({ customer }) => customer))],
    machineTime: time.now,
    settings: {
      ratePerSecond: 1_000_000,
      identifierExpiry: expiry,
      validationLagSeconds: lagSeconds,
      summaryLagSeconds: lagSeconds,
    },
  });
  return {
    url: peer.url,
    // The peer's own route, of this repository.
    truth: async () => (await ask(peer, 'truth')) as PeerTruth,
    call: (path, form) => callApi(peer, path, form),
    sendWebhooks: async () => void (await ask(peer, 'webhooks', {})),
    faults: async (plan) => void (await ask(peer, 'faults', plan)),
    close: () => peer.close(),
  };
}

async function callApi(
  peer: StripePeer,
  path: string,
  form: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, unknown>>> {
  const headers = {
    authorization: 'Bearer sk_test_peer',
    'content-type': 'application/x-www-form-urlencoded',
    'stripe-version': '2026-10-28.endive',
  };
  const response = await fetch(`${peer.url}/v1/${path}`, {
    method: 'POST',
    headers,
    body: String(new URLSearchParams(form)),
  });
  const answer: unknown = await response.json();
  if (!response.ok) throw new Error(`the peer refused ${path}: ${JSON.stringify(answer)}`);
  return { ...Object(answer) };
}

async function ask(peer: StripePeer, route: string, body?: object): Promise<unknown> {
  const init = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
  const response = await fetch(`${peer.url}/_peer/${route}`, init);
  if (!response.ok) throw new Error(`the peer refused ${route}: ${await response.text()}`);
  return await response.json();
}
