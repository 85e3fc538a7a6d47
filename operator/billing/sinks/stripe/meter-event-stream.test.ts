import { afterEach, beforeEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../../e2e/peers/stripe/index.ts';
import { ask, truthOf } from '../../../../e2e/peers/stripe/testing.ts';
import { type Clock, createLogger } from '../../../observability/index.ts';
import { storeForFile } from '../../../store/testing/index.ts';
import { freezeSealed } from '../../outbox/freeze.ts';
import { sendDue } from '../../outbox/sender.ts';
import { reconcileDue } from '../../reconcile/reconcile.ts';
import { sealWindow, seedPayer, seedPrices } from '../../testing/ledger.ts';
import { MemoryMark } from '../../testing/memory-mark.ts';
import { createSinks, type Sinks } from '../registry.ts';
import { meterEventStream } from './meter-event-stream.ts';
import { stripeSink } from './stripe-sink.ts';

const store = storeForFile();
const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const hourMillis = 3_600_000;
const event = 'gpu_seconds__l4';
const stream = 'POST /v2/billing/meter_event_stream';
const openSession = 'POST /v2/billing/meter_event_session';
const tenants = 250;

let peer: StripePeer;
let ahead = 0;
const clock: Clock = {
  now: () => Date.now() + ahead,
  monotonic: () => Date.now() + ahead,
  sleep: async () => undefined,
};
let mark = new MemoryMark();
let sinks: Sinks;

beforeEach(async () => {
  ahead = 0;
  mark = new MemoryMark();
  const customers = Array.from({ length: tenants }, (_, at) => `cus_${at}`);
  peer = await startStripePeer({ customers, settings: { ratePerSecond: 100_000 } });
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  await restart();
});
afterEach(() => peer.close());

/** A new process: no session is left. */
async function restart(): Promise<void> {
  const connection = { key: 'sk_test_peer', endpoint: peer.url };
  const sink = stripeSink(connection, meterEventStream(connection, clock));
  await sink.ensureMeters('acct_1', [event]);
  sinks = createSinks(clock);
  sinks.set('stripe', sink, [event], 1000);
}

/** Freezes an hour's usage of each tenant; answers its sum. */
async function freeze(count: number, change: (at: number) => string = (at) => `cus_${at}`): Promise<bigint> {
  const start = new Date(Math.floor(clock.now() / hourMillis) * hourMillis - 2 * hourMillis).toISOString();
  let sum = 0n;
  for (let at = 0; at < count; at += 1) {
    const link = { tenant: `t${at}`, provider: 'stripe', customer: change(at), book: 'standard' };
    await store()
      .db.insertInto('customer_link')
      .values(link)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const quantity = BigInt(1000 + at);
    const window = await sealWindow(store(), start, quantity, { tenant: `t${at}` });
    await store().fence.within((trx) => freezeSealed(trx, [window]));
    sum += quantity;
  }
  return sum;
}

const send = (): Promise<number> => sendDue({ store: store(), clock, log, sinks, mark }, signal);

async function pass(minutes: number): Promise<void> {
  ahead += minutes * 60_000;
  await ask(peer, 'clock', { advanceSeconds: minutes * 60 });
}

async function sendFor(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await send();
    await pass(5);
  }
}

async function states(): Promise<Readonly<Record<string, number>>> {
  const rows = await store().db.selectFrom('outbox').select('state').execute();
  return Object.fromEntries([...Map.groupBy(rows, ({ state }) => state)].map(([state, some]) => [state, some.length]));
}

async function billed(): Promise<bigint> {
  return (await truthOf(peer)).sums.reduce((sum, { value }) => sum + BigInt(value), 0n);
}

/** How often each event reached the peer. */
async function mostAttempts(): Promise<number> {
  return Math.max(...(await truthOf(peer)).attempts.map(({ count }) => count));
}

test('250 rows go in three calls under one session', async () => {
  const sum = await freeze(tenants);
  // A fourth call, or a second session, would fail and leave rows unknown.
  await ask(peer, 'faults', {
    plan: [
      { route: stream, nth: 4, fault: '500-before-accept' },
      { route: openSession, nth: 2, fault: '500-before-accept' },
    ],
  });
  await send();
  expect(await states()).toEqual({ ACCEPTED: tenants });
  expect(await billed()).toBe(sum);
});

test.each([1, 2, 3])('faults drawn by seed %i: every row is counted once', async (seed) => {
  const sum = await freeze(tenants);
  const faults = ['drop-before-accept', 'accept-then-drop', '500-before-accept', '500-after-accept'];
  const random = { calls: 12, share: 0.5, seed, faults: [...faults, '409', '429', 'expire-session'] };
  await ask(peer, 'faults', { random: { route: stream, ...random } });
  await sendFor(14);
  expect(await states()).toEqual({ ACCEPTED: tenants });
  expect(await billed()).toBe(sum);
});

test('a session that ends is renewed before, and one that Stripe ended leaves its rows unknown until the next', async () => {
  const first = await freeze(3);
  await send();
  await pass(60);
  // The session is long over: a call under it would be refused, and its rows unknown.
  const second = await freeze(3);
  await send();
  expect(await states()).toEqual({ ACCEPTED: 6 });
  await ask(peer, 'faults', { plan: [{ route: stream, nth: 1, fault: 'expire-session' }] });
  await pass(60);
  const third = await freeze(3);
  await send();
  expect(await states()).toEqual({ ACCEPTED: 6, UNKNOWN: 3 });
  await pass(1);
  await send();
  expect(await states()).toEqual({ ACCEPTED: 9 });
  expect(await billed()).toBe(first + second + third);
});

test('a row of a customer that is not there is taken with the others, and found when sums are compared', async () => {
  const sum = await freeze(5, (at) => (at === 2 ? 'cus_nobody' : `cus_${at}`));
  await send();
  // The call succeeded, and says nothing of any row.
  expect(await states()).toEqual({ ACCEPTED: 5 });
  expect(await billed()).toBe(sum - 1002n);
  await pass(60);
  await reconcileDue({ store: store(), clock, log, sinks }, signal);
  await pass(5);
  await reconcileDue({ store: store(), clock, log, sinks }, signal);
  const drift = await store().db.selectFrom('drift').select(['customer']).execute();
  expect(drift.map(({ customer }) => customer)).toEqual(['cus_nobody']);
});

test('a row that makes the whole call invalid is found by halves and rejected alone', async () => {
  const sum = await freeze(10, (at) => (at === 7 ? 'x'.repeat(101) : `cus_${at}`));
  await send();
  expect(await states()).toEqual({ ACCEPTED: 9, REJECTED: 1 });
  expect(await billed()).toBe(sum - 1007n);
});

test.each([
  ['a minute', 1, 'ACCEPTED', 2],
  ['25 hours', 25 * 60, 'CONFIRMED', 1],
])('killed after the call and before its mark, back after %s: counted once', async (_, minutes, state, attempts) => {
  const sum = await freeze(20);
  const [[, entry] = []] = sinks.open();
  const batch = entry?.sink.batch;
  if (entry === undefined || batch === undefined) throw new Error('no stream');
  const killed = async (...call: Parameters<typeof batch.deliver>): Promise<never> => {
    await batch.deliver(...call);
    throw new Error('killed');
  };
  const { capabilities } = entry.sink;
  sinks.set('stripe', { ...entry.sink, capabilities, batch: { ...batch, deliver: killed } }, [event], 1000);
  await expect(send()).rejects.toThrow('killed');
  expect(await states()).toEqual({ SENDING: 20 });
  await pass(minutes);
  await restart();
  await sendFor(4);
  expect(await states()).toEqual({ [state]: 20 });
  expect(await billed()).toBe(sum);
  expect(await mostAttempts()).toBe(attempts);
});

test('a key that is refused pauses the provider, and no row is to blame', async () => {
  const sum = await freeze(3);
  await ask(peer, 'key', { state: 'restricted' });
  await send();
  expect(await states()).toEqual({ PENDING: 3 });
  expect(sinks.paused('stripe')).toBeDefined();
  await ask(peer, 'key', { state: 'good' });
  await restart();
  await send();
  expect(await billed()).toBe(sum);
});
