import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { ask, clientOf, secondsMeter, truthOf } from '../../../e2e/peers/stripe/testing.ts';
import { type Clock, createLogger } from '../../observability/index.ts';
import { doubtUnsettled } from '../../store/index.ts';
import { asOwner, storeForFile } from '../../store/testing/index.ts';
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
    ...['3600 at 3299', '3000 at 3300', '0 at 3301', '50 at 6899'],
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

async function putBack(): Promise<void> {
  await store().fence.within((trx) => doubtUnsettled(trx, new Date(clock.now())));
}

test.each([
  ['less than the provider has: held, and nothing is taken back', [500n], '3600', ['HOLD']],
  ['the same: stated again', [3600n], '3600', ['ACCEPTED']],
  ['more: stated', [4000n], '4000', ['ACCEPTED']],
  ['the same in two rows: both are stated', [3000n, 600n], '3600', ['ACCEPTED', 'ACCEPTED']],
  ['more than it has, and less again', [3700n, -300n], '3400', ['ACCEPTED', 'ACCEPTED']],
])('put back to before the hour, which is sealed anew as %s', async (_, quantities, sum, expected) => {
  await begin();
  const start = startOf(3);
  await freeze(start, 3600n);
  await sendFor(1);
  expect(await billed()).toBe('3600');
  await asOwner(store(), (trx) =>
    sql`TRUNCATE outbox, charge, usage_window, journal_tx, journal_entry CASCADE`.execute(trx),
  );
  await pass(25 * 60);
  await putBack();
  for (const [index, quantity] of quantities.entries()) await freeze(start, quantity, index + 1);
  await sendFor(8);
  expect([await billed(), await states()]).toEqual([sum, expected]);
});

test('two tenants of one customer state their hour together', async () => {
  await begin();
  const link = { tenant: 'globex', provider: 'stripe', customer: 'cus_acme', book: 'standard' };
  await store().db.insertInto('customer_link').values(link).execute();
  const start = startOf(3);
  await freeze(start, 1000n);
  const window = await sealWindow(store(), start, 500n, { tenant: 'globex' });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
  await sendFor(3);
  expect(await billed()).toBe('1500');
  expect(sent.map(({ quantity }) => quantity)).toEqual([1000n, 1500n]);
});

test('a row that was rejected is no part of its hour', async () => {
  await begin();
  const start = startOf(3);
  await freeze(start, 1000n);
  await freeze(start, 500n, 2);
  await store().db.updateTable('outbox').set({ state: 'REJECTED' }).where('quantity', '=', '1000').execute();
  await sendFor(2);
  expect(await billed()).toBe('500');
});

test('an hour that was stated again and differs still is held: something else writes to the meter', async () => {
  await begin();
  await freeze(startOf(3), 3600n);
  await sendFor(1);
  for (let round = 0; round < 6; round += 1) {
    const last = sent.at(-1)?.identifier;
    await ask(peer, 'drift', { identifier: last, kind: 'altered', value: '9' });
    await pass(62);
    await reconcileDue({ store: store(), clock, log, sinks }, signal);
    await send();
    await pass(6);
  }
  expect(sent.map(({ quantity }) => quantity)).toEqual([3600n, 3600n]);
  const held = await store().db.selectFrom('drift').select('reason').where('state', '=', 'HELD').execute();
  expect(held).toEqual([{ reason: expect.stringContaining('something else writes to this meter') }]);
});

test.each([
  ['an hourly meter that adds up', event, {}, 'has the event time window none and needs hour'],
  ['a meter that should add up and does not', 'gpu_seconds__l4', { event_time_window: 'hour' }, 'hour and needs none'],
] as const)('%s is refused by name', async (_, eventName, change, says) => {
  peer = await startStripePeer({ customers: ['cus_acme'], settings: { ratePerSecond: 100_000 } });
  await secondsMeter(clientOf(peer), { event_name: eventName, ...change });
  const sink = stripeSink({ key: 'sk_test_peer', endpoint: peer.url });
  await expect(sink.ensureMeters('acct_1', [eventName])).rejects.toThrow(says);
});
