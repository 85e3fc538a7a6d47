import { afterEach, beforeEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { ask, truthOf } from '../../../e2e/peers/stripe/testing.ts';
import { type Clock, createLogger } from '../../observability/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { reconcileDue } from '../reconcile/reconcile.ts';
import { createSinks, type Sinks } from '../sinks/registry.ts';
import type { FrozenUsage } from '../sinks/sink.ts';
import { stripeSink } from '../sinks/stripe/stripe-sink.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { freezeSealed } from './freeze.ts';
import { sendDue } from './sender.ts';

const store = storeForFile();
const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const hourMillis = 3_600_000;
const event = 'gpu_seconds_hourly__l4';
const events = 'POST /v1/billing/meter_events';

let peer: StripePeer;
let ahead = 0;
const clock: Clock = {
  now: () => Date.now() + ahead,
  monotonic: () => Date.now() + ahead,
  sleep: async () => undefined,
};
let mark = new MemoryMark();
let sinks: Sinks;
/** What was sent, in order. */
let sent: FrozenUsage[] = [];
/** A kill right after the call, where it is set. */
let kill: ((row: FrozenUsage) => boolean) | undefined;

beforeEach(async () => {
  ahead = 0;
  mark = new MemoryMark();
  sent = [];
  kill = undefined;
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
  await store().db.updateTable('billing_account').set({ ingestion: 'HourlySnapshot' }).execute();
});
afterEach(() => peer.close());

async function begin(expiry: '24h' | 'never' = '24h'): Promise<void> {
  peer = await startStripePeer({
    customers: ['cus_acme'],
    settings: { ratePerSecond: 100_000, identifierExpiry: expiry },
  });
  await restart();
}

/** A new process. */
async function restart(): Promise<void> {
  const sink = stripeSink({ key: 'sk_test_peer', endpoint: peer.url });
  await sink.ensureMeters('acct_1', [event]);
  const deliver: typeof sink.deliver = async (row, ended) => {
    sent.push(row);
    const delivery = await sink.deliver(row, ended);
    if (kill?.(row) === true) throw new Error('killed');
    return delivery;
  };
  sinks = createSinks(clock);
  sinks.set('stripe', { ...sink, deliver }, [event], 1000);
}

const startOf = (hoursAgo: number): string =>
  new Date(Math.floor(clock.now() / hourMillis) * hourMillis - hoursAgo * hourMillis).toISOString();

async function freeze(start: string, quantity: bigint, revision = 1): Promise<void> {
  const window = await sealWindow(store(), start, quantity, { revision });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}

const send = (): Promise<number> => sendDue({ store: store(), clock, log, sinks, mark }, signal);

async function pass(minutes: number): Promise<void> {
  ahead += minutes * 60_000;
  await ask(peer, 'clock', { advanceSeconds: minutes * 60 });
}

async function sendFor(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await send();
    await pass(6);
  }
}

async function states(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('outbox').select('state').orderBy('id').execute();
  return rows.map(({ state }) => state);
}

async function billed(): Promise<string> {
  return (await truthOf(peer)).sums.reduce((sum, { value }) => sum + BigInt(value), 0n).toString();
}

test('each row of an hour states the whole hour, later than the one before, and all of them within it', async () => {
  await begin();
  const start = startOf(3);
  await freeze(start, 3600n);
  await freeze(start, -600n, 2);
  await freeze(start, -3000n, 3);
  await freeze(startOf(2), 50n);
  await sendFor(5);
  const from = Date.parse(start) / 1000;
  expect(sent.map(({ quantity, timestamp }) => `${quantity} at ${timestamp - from}`)).toEqual([
    ...['3600 at 0', '3000 at 1', '0 at 2', '50 at 3600'],
  ]);
  expect(await billed()).toBe('50');
  expect(await states()).toEqual(Array.from({ length: 4 }, () => 'ACCEPTED'));
});

const recoveries = [
  ['a minute', 1, '24h'],
  ['25 hours, forgotten', 25 * 60, '24h'],
  ['25 hours, remembered', 25 * 60, 'never'],
] as const;

test.each(recoveries)(
  'killed after each call, back after %s: billed once, and nothing is held',
  async (_, minutes, expiry) => {
    await begin(expiry);
    const start = startOf(3);
    await freeze(start, 3600n);
    await freeze(start, 400n, 2);
    for (const nth of [1, 3]) {
      kill = () => sent.length === nth;
      for (let round = 0; sent.length < nth; round += 1) {
        if (round > 5) throw new Error(`call ${nth} was never made`);
        await send().catch(() => undefined);
        await pass(6);
      }
      await pass(minutes);
      await restart();
    }
    await sendFor(6);
    expect(new Set(await states())).toEqual(
      new Set(expiry === 'never' || minutes === 1 ? ['ACCEPTED_DUP'] : ['ACCEPTED']),
    );
    expect(await billed()).toBe('4000');
    expect(sent.map(({ quantity }) => quantity)).toEqual([3600n, 3600n, 4000n, 4000n]);
  },
);

test.each([1, 2, 3])('faults drawn by seed %i: the sum is what it should be', async (seed) => {
  await begin();
  const faults = ['drop-before-accept', 'accept-then-drop', '500-before-accept', '500-after-accept', '409', '429'];
  await ask(peer, 'faults', { random: { route: events, calls: 20, share: 0.5, seed, faults } });
  const start = startOf(3);
  await freeze(start, 1000n);
  await freeze(start, 234n, 2);
  await freeze(start, -34n, 3);
  await freeze(startOf(2), 77n);
  await sendFor(40);
  expect(await billed()).toBe('1277');
});

test.each([
  ['lost', {}],
  ['altered', { value: '1' }],
])('an event that the provider has %s is put right by stating the hour again', async (kind, change) => {
  await begin();
  await freeze(startOf(3), 3600n);
  await sendFor(1);
  await ask(peer, 'drift', { identifier: sent[0]?.identifier, kind, ...change });
  expect(await billed()).not.toBe('3600');
  for (let round = 0; round < 4; round += 1) {
    await pass(62);
    await reconcileDue({ store: store(), clock, log, sinks }, signal);
    await send();
  }
  expect(await billed()).toBe('3600');
  expect(sent.map(({ quantity }) => quantity)).toEqual([3600n, 3600n]);
  const drift = await store().db.selectFrom('drift').select('state').execute();
  expect(drift).toEqual([{ state: 'CORRECTED' }]);
});

test('an event that was doubled is one of its hour, and no difference', async () => {
  await begin();
  await freeze(startOf(3), 3600n);
  await sendFor(1);
  await ask(peer, 'drift', { identifier: sent[0]?.identifier, kind: 'doubled' });
  await pass(62);
  await reconcileDue({ store: store(), clock, log, sinks }, signal);
  expect(await billed()).toBe('3600');
  expect(await store().db.selectFrom('drift').selectAll().execute()).toEqual([]);
});

test('a process that slept through its guard sends nothing old over what its successor stated', async () => {
  await begin();
  const start = startOf(3);
  await freeze(start, 3600n);
  const [[, entry] = []] = sinks.open();
  if (entry === undefined) throw new Error('no sink');
  // It claims, and wakes up 25 hours later.
  const asleep = { ...entry, pace: async () => pass(25 * 60) };
  await sendDue({ store: store(), clock, log, mark, sinks: { ...sinks, open: () => [['stripe', asleep]] } }, signal);
  expect(sent).toEqual([]);
  expect(await states()).toEqual(['UNKNOWN']);
  await restart();
  await sendFor(2);
  expect(await billed()).toBe('3600');
});

test('the meter keeps the newest event of an hour: what rows add would be lost on it', async () => {
  await begin();
  const sink = stripeSink({ key: 'sk_test_peer', endpoint: peer.url });
  const at = Math.floor(Date.parse(startOf(3)) / 1000);
  for (const [index, quantity] of [1000n, 234n].entries()) {
    const row = {
      identifier: `naive_${index}`,
      eventName: event,
      customer: 'cus_acme',
      timestamp: at + index,
      quantity,
    };
    await sink.deliver(row, signal);
    await pass(6);
  }
  expect(await billed()).toBe('234');
});
