import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Stripe from 'stripe';
import { afterEach, expect, test } from 'vitest';

import { type PeerOptions, type StripePeer, startStripePeer } from '../index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const hour = 3600;
const day = 24 * hour;
const customer = 'cus_acme';
const now = (): number => Math.floor(Date.now() / 1000);

async function start(options: PeerOptions = {}): Promise<StripePeer> {
  const peer = await startStripePeer({
    customers: [customer],
    ...options,
    settings: { ratePerSecond: 1000, ...options.settings },
  });
  cleanups.push(() => peer.close());
  return peer;
}

function sdk(peer: StripePeer, key = 'sk_test_peer'): Stripe {
  const { hostname, port } = new URL(peer.url);
  return new Stripe(key, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    timeout: 5000,
    telemetry: false,
  });
}

async function withMeter(options: PeerOptions = {}): Promise<{ peer: StripePeer; stripe: Stripe; meter: string }> {
  const peer = await start(options);
  const stripe = sdk(peer);
  const made = await stripe.billing.meters.create({
    display_name: 'GPU seconds',
    event_name: 'gpu_seconds__l4',
    default_aggregation: { formula: 'sum' },
  });
  return { peer, stripe, meter: made.id };
}

const event = (change: Partial<Stripe.Billing.MeterEventCreateParams> = {}): Stripe.Billing.MeterEventCreateParams => ({
  event_name: 'gpu_seconds__l4',
  identifier: 'gm1_a',
  timestamp: now(),
  payload: { stripe_customer_id: customer, value: '3600' },
  ...change,
});

async function control(peer: StripePeer, path: string, body: object): Promise<void> {
  const response = await fetch(`${peer.url}/_peer/${path}`, { method: 'POST', body: JSON.stringify(body) });
  expect(response.status).toBe(200);
}

async function sums(peer: StripePeer): Promise<unknown> {
  const response = await fetch(`${peer.url}/_peer/truth`);
  const truth: unknown = await response.json();
  return Reflect.get(Object(truth), 'sums');
}

test('a meter event is answered with what was sent, and counted', async () => {
  const { peer, stripe } = await withMeter();
  const sent = event();
  const accepted = await stripe.billing.meterEvents.create(sent);
  expect(accepted).toMatchObject({
    object: 'billing.meter_event',
    identifier: 'gm1_a',
    timestamp: sent.timestamp,
    payload: sent.payload,
  });
  expect(await sums(peer)).toEqual([{ customer, eventName: 'gpu_seconds__l4', value: '3600' }]);
});

test.each<[string, Partial<Stripe.Billing.MeterEventCreateParams>, object]>([
  ['an unknown meter', { event_name: 'gpu_seconds__none' }, { code: 'no_meter' }],
  ['35 days and a second ago', { timestamp: now() - 35 * day - 60 }, { code: 'timestamp_too_far_in_past' }],
  ['six minutes ahead', { timestamp: now() + 6 * 60 }, { code: 'timestamp_in_future' }],
  ['a decimal', { payload: { stripe_customer_id: customer, value: '1.5' } }, { code: 'meter_event_invalid_value' }],
  ['a word', { payload: { stripe_customer_id: customer, value: 'abc' } }, { code: 'meter_event_invalid_value' }],
  [
    'too many digits',
    { payload: { stripe_customer_id: customer, value: '9'.repeat(16) } },
    { code: 'meter_event_value_too_many_digits' },
  ],
  ['no customer', { payload: { value: '1' } }, { code: 'meter_event_no_customer_defined' }],
  ['an identifier of 101 characters', { identifier: 'x'.repeat(101) }, { param: 'identifier' }],
])('refuses %s with 400', async (_, change, error) => {
  const { peer, stripe } = await withMeter();
  await expect(stripe.billing.meterEvents.create(event(change))).rejects.toMatchObject({
    type: 'StripeInvalidRequestError',
    statusCode: 400,
    ...error,
  });
  expect(await sums(peer)).toEqual([]);
});

test('accepts the edges: 35 days ago, five minutes ahead, a negative number', async () => {
  const { peer, stripe } = await withMeter();
  await stripe.billing.meterEvents.create(event({ identifier: 'a', timestamp: now() - 35 * day + 60 }));
  await stripe.billing.meterEvents.create(event({ identifier: 'b', timestamp: now() + 290 }));
  await stripe.billing.meterEvents.create(
    event({ identifier: 'c', payload: { stripe_customer_id: customer, value: '-600' } }),
  );
  expect(await sums(peer)).toEqual([{ customer, eventName: 'gpu_seconds__l4', value: '6600' }]);
});

test.each([
  ['24h', true],
  ['never', false],
] as const)(
  'identifiers (expiry %s): a repetition is refused; taken again after 24 hours: %s',
  async (expiry, again) => {
    const { peer, stripe } = await withMeter({ settings: { identifierExpiry: expiry } });
    await stripe.billing.meterEvents.create(event());
    const duplicate = { statusCode: 400, message: 'An event already exists with identifier gm1_a.', code: undefined };
    await expect(stripe.billing.meterEvents.create(event())).rejects.toMatchObject(duplicate);
    await control(peer, 'clock', { advanceSeconds: day + 1 });
    const later = stripe.billing.meterEvents.create(event());
    if (again) await later;
    else await expect(later).rejects.toMatchObject(duplicate);
  },
);

test('an unknown customer is accepted and never billed', async () => {
  const { peer, stripe } = await withMeter();
  await stripe.billing.meterEvents.create(event({ payload: { stripe_customer_id: 'cus_nobody', value: '1' } }));
  expect(await sums(peer)).toEqual([]);
});

test('an archived meter takes nothing', async () => {
  const { stripe, meter } = await withMeter();
  await stripe.billing.meters.deactivate(meter);
  await expect(stripe.billing.meterEvents.create(event())).rejects.toMatchObject({ code: 'archived_meter' });
});

test('two calls at once for one customer and meter: the second waits for nobody', async () => {
  const { peer, stripe } = await withMeter();
  await control(peer, 'faults', {
    plan: [{ route: 'POST /v1/billing/meter_events', nth: 1, fault: 'slow', delayMs: 300 }],
  });
  const first = stripe.billing.meterEvents.create(event({ identifier: 'one' }));
  await new Promise((resolve) => setTimeout(resolve, 100));
  await expect(stripe.billing.meterEvents.create(event({ identifier: 'two' }))).rejects.toMatchObject({
    statusCode: 429,
  });
  await first;
});

test.each([
  ['drop-before-accept', 0],
  ['accept-then-drop', 1],
  ['500-before-accept', 0],
  ['500-after-accept', 1],
  ['409', 0],
  ['429', 0],
])('the fault %s fails the call and leaves %i event', async (fault, counted) => {
  const { peer, stripe } = await withMeter();
  // Two calls: the SDK tries a reset connection once more even with no retries.
  const plan = [1, 2].map((nth) => ({ route: 'POST /v1/billing/meter_events', nth, fault }));
  await control(peer, 'faults', { plan });
  await expect(stripe.billing.meterEvents.create(event())).rejects.toThrow();
  const expected = counted === 0 ? [] : [{ customer, eventName: 'gpu_seconds__l4', value: '3600' }];
  expect(await sums(peer)).toEqual(expected);
});

test('summaries by the hour give back the sums, aligned only', async () => {
  const { stripe, meter } = await withMeter();
  const start = now() - (now() % hour) - 2 * hour;
  for (const [index, timestamp] of [start, start + hour - 1, start + hour].entries()) {
    await stripe.billing.meterEvents.create(event({ identifier: String(index), timestamp }));
  }
  const range = { customer, start_time: start, end_time: start + 2 * hour, value_grouping_window: 'hour' } as const;
  const found = await stripe.billing.meters.listEventSummaries(meter, range);
  expect(found.data.map((one) => [one.start_time - start, one.aggregated_value])).toEqual([
    [hour, 3600],
    [0, 7200],
  ]);
  await expect(
    stripe.billing.meters.listEventSummaries(meter, { ...range, start_time: start + 60 }),
  ).rejects.toMatchObject({ statusCode: 400 });
});

test.each([
  ['unknown', 'sk_test_other', 'StripeAuthenticationError', 'good'],
  ['revoked', 'sk_test_peer', 'StripeAuthenticationError', 'revoked'],
  ['restricted', 'sk_test_peer', 'StripePermissionError', 'restricted'],
])('a key that is %s', async (_, key, type, state) => {
  const peer = await start();
  await control(peer, 'key', { state });
  await expect(sdk(peer, key).accounts.retrieveCurrent()).rejects.toMatchObject({ type });
});

test('an idempotency key gives the first answer again, and takes no other parameters', async () => {
  const { stripe } = await withMeter();
  const first = await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey: 'k' });
  const second = await stripe.customers.create({ email: 'a@example.com' }, { idempotencyKey: 'k' });
  expect(second.id).toBe(first.id);
  await expect(stripe.customers.create({ email: 'b@example.com' }, { idempotencyKey: 'k' })).rejects.toMatchObject({
    type: 'StripeIdempotencyError',
  });
});

test('more calls a second than the sandbox allows are 429', async () => {
  const peer = await start({ settings: { ratePerSecond: 3 } });
  const calls = Array.from({ length: 6 }, () => sdk(peer).accounts.retrieveCurrent());
  const settled = await Promise.allSettled(calls);
  expect(settled.filter(({ status }) => status === 'rejected')).toHaveLength(3);
});

test('a restart remembers meters, events, identifiers and the clock', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'gpuopt-peer-'));
  cleanups.push(() => rm(folder, { recursive: true, force: true }));
  const journal = join(folder, 'journal.jsonl');
  const { peer, stripe } = await withMeter({ state: journal });
  await stripe.billing.meterEvents.create(event());
  await peer.close();
  const again = await start({ state: journal });
  await expect(sdk(again).billing.meterEvents.create(event())).rejects.toThrow('already exists with identifier');
  expect(await sums(again)).toEqual([{ customer, eventName: 'gpu_seconds__l4', value: '3600' }]);
});
