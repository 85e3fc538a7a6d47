/** A database that any tool has put back to an earlier state: what it takes for unsent is read back first (rule R9). */
import { beforeEach, expect, test } from 'vitest';

import { type Clock, createLogger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { storeForFile } from '../../store/testing/index.ts';
import { createSinks } from '../sinks/registry.ts';
import { sealWindow, seedPayer, seedPrices } from '../testing/ledger.ts';
import { MemoryMark } from '../testing/memory-mark.ts';
import { MemorySink } from '../testing/memory-sink.ts';
import { freezeSealed } from './freeze.ts';
import { doubtIfBehind, readBatch } from './restored.ts';
import { sendDue } from './sender.ts';

const store = storeForFile();
const log = createLogger({ level: 'silent' });
const { signal } = new AbortController();
const hour = 3_600_000;
const first = '2026-01-01T00:00:00Z';
const second = '2026-01-01T01:00:00Z';

let now = 0;
let sink: MemorySink;
let mark: MemoryMark;
beforeEach(async () => {
  now = Date.parse('2026-01-01T02:10:00Z');
  sink = new MemorySink(() => now);
  mark = new MemoryMark();
  await seedPrices(store(), [{ version: 1, from: '2025-01-01T00:00:00Z', perHour: '2.50' }]);
  await seedPayer(store());
});

async function freeze(start: string, quantity: bigint, revision = 1): Promise<void> {
  const window = await sealWindow(store(), start, quantity, { revision });
  await store().fence.within((trx) => freezeSealed(trx, [window]));
}

/** Rounds of a new process. */
async function send(rounds: number): Promise<void> {
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const sinks = createSinks(clock);
  sinks.set('stripe', sink, ['gpu_seconds__l4'], 1000);
  for (let round = 0; round < rounds; round += 1) {
    await sendDue({ store: store(), clock, log, sinks, mark }, signal);
    now += 125_000;
  }
}

/** The outbox as a copy of the database from before anything was sent has it. */
async function putBack({ db }: Store): Promise<void> {
  const unsent = { state: 'PENDING', attempts: 0, first_attempt_at: null, guard_from: null, fence: null } as const;
  await db.updateTable('outbox').set(unsent).execute();
  await db.updateTable('sent_batch').set({ number: 0n }).execute();
}

async function states(): Promise<readonly string[]> {
  const rows = await store().db.selectFrom('outbox').select('state').orderBy('id').execute();
  return rows.map(({ state }) => state);
}

test.each([
  ['a minute later', 0],
  ['25 hours later, when the provider has forgotten', 25],
])('put back %s: what had been sent is read back, what had not is sent', async (_, hours) => {
  await freeze(first, 3600n);
  await send(1);
  await freeze(second, 1800n);
  await putBack(store());
  now += hours * hour;
  await send(6);
  expect(await states()).toEqual(['CONFIRMED', 'ACCEPTED']);
  expect(sink.billed).toBe(5400n);
});

test('rows of one hour that had all been sent are told apart by what they explain together', async () => {
  await freeze(first, 3600n);
  await freeze(first, -600n, 2);
  await send(2);
  await putBack(store());
  now += 25 * hour;
  await send(8);
  expect(await states()).toEqual(['CONFIRMED', 'CONFIRMED']);
  expect(sink.billed).toBe(3000n);
});

test('a row that is frozen anew after a restore is read back too; one of a later hour is sent', async () => {
  await freeze(first, 3600n);
  await send(1);
  now += 25 * hour;
  // The copy is from before the window was frozen.
  const { db } = store();
  await db.updateTable('sent_batch').set({ number: 0n }).execute();
  await db
    .updateTable('outbox')
    .set({ event_at: new Date(first), identifier: 'gone', state: 'REJECTED' })
    .execute();
  await send(1);
  await freeze(second, 1800n);
  await freeze(new Date(now + hour).toISOString(), 900n);
  const guards = await db.selectFrom('outbox').select('guard_from').orderBy('id').offset(1).execute();
  expect(guards).toEqual([{ guard_from: new Date(0) }, { guard_from: null }]);
});

test('without the mark the same copy bills twice: the case above proves something', async () => {
  await freeze(first, 3600n);
  await send(1);
  await putBack(store());
  mark = new MemoryMark();
  now += 25 * hour;
  await send(2);
  expect(sink.billed).toBe(7200n);
});

test.each<[string, bigint, bigint, number | undefined]>([
  ['behind the mark', 4n, 5n, 1],
  ['that lost everything it knew of batches', 0n, 5n, 1],
  ['at the mark', 5n, 5n, undefined],
  ['before the mark, killed before the number was kept', 6n, 5n, undefined],
  ['whose mark is lost', 6n, 0n, undefined],
])('a store %s', async (_, stored, kept, doubted) => {
  await freeze(first, 3600n);
  if (stored > 0n) await store().db.insertInto('sent_batch').values({ number: stored }).execute();
  expect(await doubtIfBehind(store(), kept, now)).toBe(doubted);
  expect(await doubtIfBehind(store(), kept, now)).toBeUndefined();
  expect(await readBatch(store())).toBe(doubted === undefined ? stored : kept);
  expect(await states()).toEqual([doubted === undefined ? 'PENDING' : 'UNKNOWN']);
});

test.each([
  ['read', { read: () => Promise.reject(new Error('no answer')) }],
  ['raised', { raise: () => Promise.reject(new Error('no answer')) }],
])('a mark that cannot be %s lets nothing leave', async (_, broken) => {
  await freeze(first, 3600n);
  Object.assign(mark, broken);
  await expect(send(1)).rejects.toThrow('no answer');
  expect(sink.attempts).toBe(0);
  mark = new MemoryMark();
  await send(2);
  expect(sink.billed).toBe(3600n);
});

test('the number is kept outside before the first call of each batch', async () => {
  await freeze(first, 3600n);
  await freeze(second, 1800n);
  const kept: bigint[] = [];
  const deliver = sink.deliver.bind(sink);
  sink.deliver = async (usage) => {
    kept.push(mark.kept);
    return await deliver(usage);
  };
  await send(2);
  expect(kept).toEqual([1n, 2n]);
});
