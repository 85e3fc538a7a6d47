import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { type Clock, createLogger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { emptyTables, storeKinds, testStores } from '../../store/testing/index.ts';
import { createSinks, type Sinks } from '../sinks/registry.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { type Fate, MemorySink } from '../testing/memory-sink.ts';
import { freezeSealed } from './freeze.ts';
import { sendDue } from './sender.ts';

const stores = testStores();
const opened = new Map<string, Store | { readonly unavailable: string }>();
beforeAll(async () => {
  for (const kind of storeKinds) opened.set(kind, await stores.open(kind));
});
afterAll(() => stores.close());

const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const hour = 3_600_000;

class World {
  readonly store: Store;
  now = Date.parse('2026-01-01T02:00:00Z');
  readonly clock: Clock = { now: () => this.now, monotonic: () => this.now, sleep: async () => undefined };
  readonly sink = new MemorySink(() => this.now);
  readonly mark = new MemoryMark();
  sinks: Sinks = createSinks(this.clock);

  constructor(store: Store) {
    this.store = store;
    this.restart();
  }

  /** A new process: nothing is left in memory. */
  restart(): void {
    this.sinks = createSinks(this.clock);
    this.sinks.set('stripe', this.sink, ['gpu_seconds__l4'], 1000);
  }

  async freeze(start: string, quantity: bigint): Promise<void> {
    const window = await sealWindow(this.store, start, quantity);
    await this.store.fence.within((trx) => freezeSealed(trx, [window]));
  }

  async send(): Promise<number> {
    return await sendDue({ store: this.store, clock: this.clock, log, sinks: this.sinks, mark: this.mark }, signal);
  }

  /** Rounds of the sender, a step of time apart. */
  async sendFor(rounds: number, stepMillis: number): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      await this.send();
      this.now += stepMillis;
    }
  }

  async states(): Promise<readonly string[]> {
    const rows = await this.store.db.selectFrom('outbox').select('state').orderBy('id').execute();
    return rows.map(({ state }) => state);
  }
}

let world: World;
beforeEach(async () => {
  const store = opened.get('pglite');
  if (store === undefined || 'unavailable' in store) throw new Error('no embedded store');
  await emptyTables(store);
  world = await prepared(store);
});

async function prepared(store: Store): Promise<World> {
  await seedPrices(store, [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store);
  const made = new World(store);
  await made.freeze('2026-01-01T00:00:00Z', 3600n);
  return made;
}

test.each<[string, readonly Fate[], readonly string[], bigint]>([
  ['accepted', [], ['ACCEPTED'], 3600n],
  ['lost on the way there, resent', ['lose-before'], ['ACCEPTED'], 3600n],
  ['lost on the way back, resent, billed once', ['lose-after'], ['ACCEPTED_DUP'], 3600n],
  ['lost again and again', ['lose-before', 'lose-after', 'lose-before'], ['ACCEPTED_DUP'], 3600n],
  ['rejected for what it says: never resent', ['reject'], ['REJECTED'], 0n],
])('an event that is %s', async (_, fates, states, billed) => {
  world.sink.fates = fates;
  await world.sendFor(8, 10_000);
  expect(await world.states()).toEqual(states);
  expect(world.sink.billed).toBe(billed);
});

test.each<[string, Fate, number, string, bigint]>([
  ['before the bytes left, back in a minute', 'crash', 0, 'ACCEPTED', 3600n],
  ['before the bytes left, back after 25 hours: read back as absent, resent', 'crash', 25, 'ACCEPTED', 3600n],
])('killed %s', async (_, fate, hours, state, billed) => {
  world.sink.fates = [fate];
  await expect(world.send()).rejects.toThrow('killed');
  expect(await world.states()).toEqual(['SENDING']);
  world.now += hours * hour + 60_000;
  world.restart();
  await world.sendFor(5, 125_000);
  expect(await world.states()).toEqual([state]);
  expect(world.sink.billed).toBe(billed);
});

test('the answer was lost and the operator back only after 25 hours: read back as recorded, billed once', async () => {
  world.sink.fates = ['lose-after'];
  await world.send();
  world.now += 25 * hour;
  world.restart();
  await world.sendFor(4, 125_000);
  expect(await world.states()).toEqual(['CONFIRMED']);
  expect(world.sink.billed).toBe(3600n);
  expect(world.sink.attempts).toBe(1);
});

test('a sum that is neither with nor without the row is left to a person, and others go on', async () => {
  world.sink.fates = ['lose-after'];
  await world.send();
  const usage = world.sink.accepted[0]?.usage;
  if (usage !== undefined)
    world.sink.accepted.push({ usage: { ...usage, identifier: 'foreign', quantity: 5n }, at: 0 });
  world.now += 25 * hour;
  await world.freeze('2026-01-01T01:00:00Z', 1800n);
  await world.sendFor(5, 125_000);
  expect(await world.states()).toEqual(['HOLD', 'ACCEPTED']);
});

test('a row whose hour holds another that nobody could settle is left to a person too', async () => {
  world.sink.fates = ['lose-after'];
  await world.send();
  const usage = world.sink.accepted[0]?.usage;
  if (usage === undefined) throw new Error('nothing was sent');
  world.sink.accepted.push({ usage: { ...usage, identifier: 'foreign', quantity: 5n }, at: 0 });
  world.now += 25 * hour;
  await world.sendFor(5, 125_000);
  const correction = await sealWindow(world.store, '2026-01-01T00:00:00Z', 3605n, { revision: 2 });
  await world.store.fence.within((trx) => freezeSealed(trx, [correction]));
  world.sink.fates = ['lose-before'];
  await world.send();
  world.now += 25 * hour;
  // 3605 are recorded, which looks like the correction and is the row before it and the foreign one.
  await world.sendFor(5, 125_000);
  expect(await world.states()).toEqual(['HOLD', 'HOLD']);
});

test('a process that slept between claim and call does not send what the provider may have forgotten', async () => {
  const [entry] = world.sinks.open();
  if (entry === undefined) throw new Error('no sink');
  const sleeps = async (): Promise<void> => {
    world.now += 25 * hour;
  };
  world.sinks = { ...world.sinks, open: () => [['stripe', { ...entry[1], pace: sleeps }]] };
  await world.send();
  expect(world.sink.attempts).toBe(0);
  expect(await world.states()).toEqual(['UNKNOWN']);
  world.restart();
  await world.sendFor(5, 125_000);
  expect(world.sink.billed).toBe(3600n);
});

test('a key that is refused pauses the provider; nothing is lost, and a new key goes on', async () => {
  world.sink.fates = ['refuse'];
  await world.sendFor(3, 10_000);
  expect(await world.states()).toEqual(['PENDING']);
  expect(world.sinks.paused('stripe')).toBe('invalid key');
  expect(world.sink.attempts).toBe(1);
  world.restart();
  await world.sendFor(1, 0);
  expect(world.sink.billed).toBe(3600n);
});

test('one event of a customer and meter at a time, in order', async () => {
  await world.freeze('2026-01-01T01:00:00Z', 1800n);
  world.sink.fates = ['lose-before'];
  await world.send();
  expect(await world.states()).toEqual(['UNKNOWN', 'PENDING']);
  await world.sendFor(5, 10_000);
  expect(world.sink.accepted.map(({ usage }) => usage.quantity)).toEqual([3600n, 1800n]);
});

test('usage older than the provider takes is left to a person', async () => {
  world.now += 36 * 24 * hour;
  await world.send();
  expect(await world.states()).toEqual(['HOLD']);
  expect(world.sink.attempts).toBe(0);
});

test('a meter that the provider does not have yet is waited for', async () => {
  world.sinks.set('stripe', world.sink, [], 1000);
  await world.send();
  expect(world.sink.attempts).toBe(0);
});

test('PostgreSQL: a paused leader that wakes up after a successor took over cannot commit what it sent', async (ctx) => {
  const store = opened.get('postgres');
  if (store === undefined) throw new Error('no store was opened');
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  const old = await prepared(store);
  const deliver = old.sink.deliver.bind(old.sink);
  old.sink.deliver = async (usage) => {
    const delivery = await deliver(usage);
    // The process was stopped here, a successor has taken over.
    await store.db
      .updateTable('leader_epoch')
      .set((eb) => ({ epoch: eb('epoch', '+', 1n), holder: 'successor' }))
      .execute();
    return delivery;
  };
  await expect(old.send()).rejects.toMatchObject({ code: 'StoreFenced' });
  expect(await old.states()).toEqual(['SENDING']);
});
