import { beforeEach, expect, test } from 'vitest';

import { type Clock, createLogger } from '../../observability/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { createSinks } from '../sinks/registry.ts';
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
  sinks.set('stripe', sink, ['gpu_seconds__l4'], 1000);
  for (let round = 0; round < rounds; round += 1) {
    await sendDue({ store: store(), clock, log, sinks, mark }, signal);
    now += stepMillis;
  }
}

async function states(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('outbox').select('state').orderBy('id').execute();
  return rows.map(({ state }) => state);
}

interface Invoice {
  readonly customer?: string;
  readonly subscription?: string | null;
  readonly status?: string;
  readonly from?: string;
  readonly to?: string;
}

/** The invoice of January. */
async function invoice(change: Invoice = {}): Promise<void> {
  const { customer = 'cus_acme', subscription = 'sub_1', status = 'open' } = change;
  const { from = '2026-01-01T00:00:00Z', to = '2026-02-01T00:00:00Z' } = change;
  const none = { total: '0', amount_due: '0', amount_paid: '0', amount_remaining: '0' };
  await store()
    .db.insertInto('invoice_mirror')
    .values({
      ...{
        provider: 'stripe',
        invoice: 'in_1',
        customer,
        subscription,
        number: null,
        status,
        currency: 'usd',
        ...none,
      },
      ...{ period_start: from, period_end: to, read_at: new Date(now) },
    })
    .execute();
}

async function nextPeriod(): Promise<void> {
  await store().db.updateTable('customer_link').set({ corrections: 'NextPeriod' }).execute();
}

test('what is sealed after its invoice is final is set aside, however much of it there is', async () => {
  await nextPeriod();
  await invoice({ status: 'paid' });
  await freeze('2026-01-30T04:00:00Z', '2026-01-31T22:00:00Z', '2026-01-31T23:00:00Z', '2026-02-01T00:00:00Z');
  await send(2);
  expect(await states()).toEqual(['LATE', 'LATE', 'LATE', 'ACCEPTED']);
  expect(sink.billed).toBe(3600n);
});

test.each<[string, Invoice]>([
  ['the invoice is a draft', { status: 'draft' }],
  ['the invoice is void', { status: 'void' }],
  ['the invoice is of another customer', { customer: 'cus_globex' }],
  ['the invoice bills no period', { subscription: null }],
  ['the invoice is of the month before', { from: '2025-12-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }],
])('it is sent while %s', async (_, change) => {
  await nextPeriod();
  await invoice(change);
  await freeze('2026-01-31T23:00:00Z');
  await send();
  expect(await states()).toEqual(['ACCEPTED']);
});

test('it is sent where the plan does not say what becomes of it', async () => {
  await invoice();
  await freeze('2026-01-31T23:00:00Z');
  await send();
  expect(await states()).toEqual(['ACCEPTED']);
});

test.each<[string, Fate, readonly string[], bigint]>([
  ['did not arrive', 'lose-before', ['LATE', 'LATE'], 0n],
  ['arrived', 'lose-after', ['CONFIRMED', 'LATE'], 3600n],
])(
  'what was sent before the invoice was final, and nobody knows of it, is read back: it %s',
  async (_, fate, ...is) => {
    await nextPeriod();
    await freeze('2026-01-31T22:00:00Z', '2026-01-31T23:00:00Z');
    sink.fates = [fate];
    await send();
    expect(await states()).toEqual(['UNKNOWN', 'PENDING']);
    await invoice();
    await send(4, 125_000);
    expect([await states(), sink.billed]).toEqual(is);
  },
);

test('what a database that was put back may have sent is read back first', async () => {
  await nextPeriod();
  await freeze('2026-01-31T23:00:00Z');
  await send();
  expect(sink.billed).toBe(3600n);
  await store()
    .db.updateTable('outbox')
    .set({ state: 'PENDING', attempts: 0, guard_from: new Date(0) })
    .execute();
  await invoice();
  await send(4, 125_000);
  expect(await states()).toEqual(['CONFIRMED']);
});

test('an hour that a row stated whole is stated again: its sum does not say whether that row arrived', async () => {
  await nextPeriod();
  await store().db.updateTable('billing_account').set({ ingestion: 'HourlySnapshot' }).execute();
  await freeze('2026-01-31T22:00:00Z');
  const sinks = createSinks(clock);
  sinks.set('stripe', sink, ['gpu_seconds_hourly__l4'], 1000);
  sink.fates = ['lose-before'];
  await sendDue({ store: store(), clock, log, sinks, mark }, signal);
  await invoice();
  await freeze('2026-01-31T23:00:00Z');
  for (let round = 0; round < 3; round += 1) {
    now += 10_000;
    await sendDue({ store: store(), clock, log, sinks, mark }, signal);
  }
  expect(await states()).toEqual(['ACCEPTED', 'LATE']);
});
