import { beforeEach, expect, test } from 'vitest';

import { type Clock, createLogger } from '../../observability/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { freezeSealed } from '../outbox/freeze.ts';
import { sendDue } from '../outbox/sender.ts';
import { createSinks } from '../sinks/registry.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { MemorySink } from '../testing/memory-sink.ts';
import { reconcileDue } from './reconcile.ts';

const store = storeForFile();

const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const minute = 60_000;

class World {
  now = Date.parse('2026-01-01T03:10:00Z');
  readonly clock: Clock = { now: () => this.now, monotonic: () => this.now, sleep: async () => undefined };
  readonly sink = new MemorySink(() => this.now);
  readonly sinks = createSinks(this.clock);
  readonly mark = new MemoryMark();

  constructor(correctUpTo = 86_400n) {
    this.sinks.set('stripe', this.sink, ['gpu_seconds__l4'], 1000, correctUpTo);
  }

  async send(start: string, quantity: bigint): Promise<void> {
    const window = await sealWindow(store(), start, quantity);
    await store().fence.within((trx) => freezeSealed(trx, [window]));
    await this.deliver();
  }

  async deliver(): Promise<void> {
    while ((await sendDue({ store: store(), clock: this.clock, log, sinks: this.sinks, mark: this.mark }, signal)) > 0);
  }

  /** What the provider has recorded of a row changes behind our back. */
  alter(index: number, ...quantities: readonly bigint[]): void {
    const [event] = this.sink.accepted.splice(index, 1);
    if (event === undefined) throw new RangeError(`no event ${index}`);
    const { usage, at } = event;
    this.sink.accepted.splice(index, 0, ...quantities.map((quantity) => ({ usage: { ...usage, quantity }, at })));
  }

  /** Rounds of comparing and sending, some minutes apart. */
  async rounds(count: number): Promise<void> {
    for (let round = 0; round < count; round += 1) {
      await reconcileDue({ store: store(), clock: this.clock, log, sinks: this.sinks }, signal);
      await this.deliver();
      this.now += 10 * minute;
    }
  }

  async drifts(): Promise<readonly string[]> {
    const rows = await store().db.selectFrom('drift').selectAll().orderBy('id').execute();
    return rows.map(({ state, ours, theirs }) => `${state} ${ours} ${theirs}`);
  }

  async outbox(): Promise<readonly string[]> {
    const rows = await store().db.selectFrom('outbox').select(['state', 'quantity']).orderBy('id').execute();
    return rows.map(({ state, quantity }) => `${state} ${quantity}`);
  }
}

beforeEach(async () => {
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
});

test.each<[string, (world: World) => void, bigint]>([
  ['lost', (world) => world.alter(0), 3600n],
  ['doubled', (world) => world.alter(0, 3600n, 3600n), -3600n],
  ['altered', (world) => world.alter(0, 3605n), -5n],
])('a row that the provider has %s is found within the hour and corrected once', async (_, happen, difference) => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  await world.send('2026-01-01T01:00:00Z', 1800n);
  await world.rounds(7);
  expect(await world.drifts()).toEqual([]);
  happen(world);
  await world.rounds(7);
  expect(await world.drifts()).toEqual([`CORRECTED 3600 ${3600n - difference}`]);
  expect(await world.outbox()).toEqual(['ACCEPTED 3600', 'ACCEPTED 1800', `ACCEPTED ${difference}`]);
  await world.rounds(14);
  expect(world.sink.billed).toBe(5400n);
  expect(await world.outbox()).toHaveLength(3);
  const usage = await store().db.selectFrom('usage_window').select('quantity').orderBy('id').execute();
  expect(usage.map(({ quantity }) => quantity)).toEqual(['3600', '1800', '0']);
});

test('a correction whose answer was lost is read back, past the guard, as what it is', async () => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  world.alter(0);
  world.sink.fates = ['lose-after'];
  await world.rounds(2);
  expect(await world.outbox()).toEqual(['ACCEPTED 3600', 'UNKNOWN 3600']);
  world.now += 25 * 60 * minute;
  await world.deliver();
  world.now += 3 * minute;
  await world.deliver();
  expect(await world.outbox()).toEqual(['ACCEPTED 3600', 'CONFIRMED 3600']);
  expect(world.sink.billed).toBe(3600n);
});

test('a row that is older than 26 hours is found by the daily comparison', async () => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  world.now += 20 * 86_400_000;
  await world.rounds(2);
  world.alter(0);
  world.now += 24 * 60 * minute;
  await world.rounds(3);
  expect(world.sink.billed).toBe(3600n);
  expect(await world.outbox()).toEqual(['ACCEPTED 3600', 'ACCEPTED 3600']);
});

test('sums that come late are no drift', async () => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  const [event] = world.sink.accepted.splice(0);
  await world.rounds(1);
  expect(await world.drifts()).toEqual(['SEEN 3600 0']);
  if (event !== undefined) world.sink.accepted.push(event);
  await world.rounds(2);
  expect(await world.drifts()).toEqual(['CLEARED 3600 0']);
  expect(await world.outbox()).toEqual(['ACCEPTED 3600']);
});

test('beyond the bound a person decides, and once the sums are equal again nobody has to', async () => {
  const world = new World(3599n);
  await world.send('2026-01-01T00:00:00Z', 3600n);
  world.alter(0, 3600n, 3600n);
  await world.rounds(3);
  expect(await world.drifts()).toEqual(['HELD 3600 7200']);
  expect(await world.outbox()).toEqual(['ACCEPTED 3600']);
  world.alter(1);
  await world.rounds(7);
  expect(await world.drifts()).toEqual(['CLEARED 3600 7200']);
});

test.each([
  ['before the restore is held', '2026-01-01T04:00:00Z', 'HELD 3600 7200'],
  ['after the restore is corrected', '2025-12-31T23:00:00Z', 'CORRECTED 3600 7200'],
])('what the provider has more in an hour %s', async (_, at, expected) => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  await store().db.insertInto('watermark').values({ name: 'restored', at }).execute();
  world.alter(0, 3600n, 3600n);
  await world.rounds(3);
  expect((await world.drifts())[0]).toBe(expected);
});

test('a row that was taken and reported later is rejected, and another takes its quantity', async () => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  await world.send('2026-01-01T01:00:00Z', 1800n);
  const { identifier } = await store()
    .db.selectFrom('outbox')
    .select('identifier')
    .where('quantity', '=', '1800')
    .executeTakeFirstOrThrow();
  const report = {
    provider: 'stripe',
    code: 'no_meter',
    message: '',
    event: 'evt_1',
    reported_at: new Date(world.now),
  };
  await store()
    .db.insertInto('usage_rejection')
    .values({ ...report, identifier })
    .execute();
  world.alter(1);
  await world.rounds(4);
  expect(await world.outbox()).toEqual(['ACCEPTED 3600', 'REJECTED 1800', 'ACCEPTED 1800']);
  expect(world.sink.billed).toBe(5400n);
  const rows = await store().db.selectFrom('outbox').select(['id', 'replaces']).orderBy('id').execute();
  expect(rows[2]?.replaces).toBe(rows[1]?.id);
});

test('a drift in an hour whose invoice is closed is held', async () => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  await store()
    .db.insertInto('invoice_mirror')
    .values({
      ...{
        provider: 'stripe',
        invoice: 'in_1',
        customer: 'cus_acme',
        subscription: null,
        number: null,
        status: 'open',
      },
      ...{ currency: 'usd', total: 0n, amount_due: 0n, amount_paid: 0n, amount_remaining: 0n, read_at: new Date() },
      ...{ period_start: '2025-12-01T00:00:00Z', period_end: '2026-01-01T01:00:00Z' },
    })
    .execute();
  world.alter(0);
  await world.rounds(3);
  expect(await world.drifts()).toEqual(['HELD 3600 0']);
});

test('a pair that cannot be read keeps no other from being compared, and the comparison counts as not made', async () => {
  const world = new World();
  await world.send('2026-01-01T00:00:00Z', 3600n);
  world.alter(0);
  const { sink } = world;
  const event = { event_name: 'gpu_seconds__a100', identifier: 'gm1_other', customer: 'cus_acme', provider: 'stripe' };
  const other = await sealWindow(store(), '2026-01-01T00:00:00Z', 7n, { tenant: 'globex' });
  await store()
    .db.insertInto('outbox')
    .values({
      ...{ ...event, usage_window_id: other.id, event_at: '2026-01-01T00:59:59Z' },
      ...{ quantity: 7n, state: 'ACCEPTED' },
    })
    .execute();
  const { recordedSums } = sink;
  sink.recordedSums = (eventName, ...rest) =>
    eventName === 'gpu_seconds__a100'
      ? Promise.reject(new RangeError('1.5 is no exact integer'))
      : recordedSums.call(sink, eventName, ...rest);
  await expect(world.rounds(1)).rejects.toThrow('1.5');
  expect(await world.drifts()).toEqual(['SEEN 3600 0']);
  expect(await store().db.selectFrom('reconcile_run').selectAll().execute()).toEqual([]);
});
