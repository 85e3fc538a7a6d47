import { beforeEach, expect, test } from 'vitest';

import { type Clock, createLogger } from '../../observability/index.ts';
import { doubtUnsettled } from '../../store/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { createSinks } from '../sinks/registry.ts';
import type { ClosedPeriod } from '../sinks/sink.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { type Fate, MemorySink } from '../testing/memory-sink.ts';
import { freezeSealed } from './freeze.ts';
import { sendDue } from './sender.ts';

const store = storeForFile();
const log = createLogger({ level: 'silent' });
const signal = new AbortController().signal;
const begins = Date.parse('2026-02-02T00:00:00Z');

let now = begins;
let sink: MemorySink;
let mark: MemoryMark;
const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };

beforeEach(async () => {
  now = begins;
  sink = new MemorySink(() => now);
  mark = new MemoryMark();
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '3.60' }]);
  await seedPayer(store());
});

async function freeze(...starts: readonly string[]): Promise<void> {
  for (const start of starts) {
    const window = await sealWindow(store(), start, 3600n);
    await store().fence.within((trx) => freezeSealed(trx, [window]));
  }
}

/** A process that has just begun, for some rounds. */
async function send(rounds = 1, stepMillis = 1000): Promise<void> {
  const sinks = createSinks(clock);
  sinks.set('stripe', sink, ['gpu_seconds__l4', 'gpu_seconds_hourly__l4'], 1000);
  for (let round = 0; round < rounds; round += 1) {
    await sendDue({ store: store(), clock, log, sinks, mark }, signal);
    now += stepMillis;
  }
}

async function states(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('outbox').select('state').orderBy('id').execute();
  return rows.map(({ state }) => state);
}

const january = { start: Date.parse('2026-01-01T00:00:00Z') / 1000, end: Date.parse('2026-02-01T00:00:00Z') / 1000 };

/** The invoice of January is final, from an hour after its end. */
function close(change: Partial<ClosedPeriod> = {}): void {
  sink.closed = [{ ...january, closedAt: january.end + 3600, ...change }];
}

async function nextPeriod(): Promise<void> {
  await store().db.updateTable('customer_link').set({ corrections: 'NextPeriod' }).execute();
}

test('what is sealed after its invoice is final is set aside, however much of it there is', async () => {
  await nextPeriod();
  close();
  await freeze('2026-01-30T04:00:00Z', '2026-01-31T22:00:00Z', '2026-01-31T23:00:00Z', '2026-02-01T00:00:00Z');
  await send(2);
  expect(await states()).toEqual(['LATE', 'LATE', 'LATE', 'ACCEPTED']);
  expect(sink.billed).toBe(3600n);
});

test('nobody is asked about what is sent in time, and once a minute about a backlog', async () => {
  await nextPeriod();
  await freeze('2026-02-01T23:00:00Z');
  await send();
  expect([await states(), sink.asked]).toEqual([['ACCEPTED'], 0]);
  await freeze('2026-02-01T20:00:00Z', '2026-02-01T21:00:00Z', '2026-02-01T22:00:00Z');
  await send(3);
  expect([new Set(await states()), sink.asked]).toEqual([new Set(['ACCEPTED']), 1]);
});

test('nothing is sent of a time that may be closed while the provider does not say', async () => {
  await nextPeriod();
  await freeze('2026-01-31T23:00:00Z');
  const { closedPeriods } = sink;
  sink.closedPeriods = async () => {
    throw new Error('down');
  };
  await send(2);
  const row = await store().db.selectFrom('outbox').select(['state', 'last_error']).executeTakeFirst();
  expect(row).toEqual({ state: 'PENDING', last_error: 'could not ask for invoices: down' });
  sink.closedPeriods = closedPeriods;
  close();
  now += 60_000;
  await send();
  expect(await states()).toEqual(['LATE']);
});

test('it is sent where the plan did not say what becomes of it when it was frozen', async () => {
  close();
  await freeze('2026-01-31T23:00:00Z');
  await nextPeriod();
  await send();
  expect([await states(), sink.billed]).toEqual([['ACCEPTED'], 0n]);
});

test('what was frozen goes as its plan said, though the tenant is gone', async () => {
  await nextPeriod();
  await freeze('2026-01-31T23:00:00Z');
  await store().db.deleteFrom('customer_link').execute();
  close();
  await send();
  expect(await states()).toEqual(['LATE']);
});

test.each<[string, Fate, number, readonly string[], bigint]>([
  ['did not arrive', 'lose-before', 3600, ['LATE', 'LATE'], 0n],
  ['arrived in time', 'lose-after', 90_000, ['CONFIRMED', 'LATE'], 3600n],
  ['arrived too late', 'lose-after', 3600, ['LATE', 'LATE'], 0n],
])('what was sent, and nobody knows of it, is read back: it %s', async (_, fate, closedAfter, ...is) => {
  await nextPeriod();
  await freeze('2026-01-31T22:00:00Z', '2026-01-31T23:00:00Z');
  sink.fates = [fate];
  await send();
  expect(await states()).toEqual(['UNKNOWN', 'PENDING']);
  now += 2 * 3_600_000;
  close({ closedAt: january.end + closedAfter });
  await send(4, 125_000);
  expect([await states(), sink.billed]).toEqual(is);
});

test.each([1, 36])(
  'what a database that was put back may have sent is read back first, %i days later',
  async (days) => {
    await nextPeriod();
    await freeze('2026-01-31T23:00:00Z');
    await send();
    expect(sink.billed).toBe(3600n);
    await store().db.updateTable('outbox').set({ state: 'PENDING', attempts: 0, guard_from: null }).execute();
    now += days * 86_400_000;
    await store().fence.within((trx) => doubtUnsettled(trx, new Date(now)));
    close({ closedAt: now / 1000 - 3600 });
    await send(4, 125_000);
    expect(await states()).toEqual(['CONFIRMED']);
  },
);

test('of an hour that rows state whole, one that may have arrived in time waits for a person', async () => {
  await nextPeriod();
  await store().db.updateTable('billing_account').set({ ingestion: 'HourlySnapshot' }).execute();
  await freeze('2026-01-31T22:00:00Z', '2026-01-31T23:00:00Z');
  sink.fates = ['lose-before'];
  await send();
  now += 2 * 3_600_000;
  close({ closedAt: now / 1000 - 3600 });
  await send(3, 10_000);
  expect(await states()).toEqual(['HOLD', 'LATE']);
});
