import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';

import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { asOwner, storeKinds, testStores } from '../../store/testing/index.ts';
import type { NewInterval } from '../facts.ts';
import { readOpen, writePlan } from '../repository.ts';
import { touching } from './read.ts';
import { type OnSealed, type ReadCuts, sealDue } from './sealer.ts';

const stores = testStores();
afterAll(() => stores.close());

const signal = new AbortController().signal;
const at = (text: string): number => Date.parse(`2026-01-01T${text}Z`);
const clockAt = (now: number): Clock => ({ now: () => now, monotonic: () => now, sleep: async () => undefined });
const nothing: OnSealed = async () => undefined;

function held(uid: string, from: string, to?: string, units = 1): NewInterval {
  const device = {
    model: 'NVIDIA-L4',
    profile: 'full',
    meter: 'gpu_seconds__nvidia_l4__full',
    deviceKey: 'nvidia.com/gpu',
  };
  const place = { namespace: 'acme', pod: uid, node: 'l4', tenant: 'acme' };
  const end = to === undefined ? undefined : { at: at(to), estimated: false };
  return { ...device, ...place, uid, units, openedAt: at(from), end };
}

async function record(store: Store, open: readonly NewInterval[], seen: string): Promise<void> {
  await writePlan(store, { open, close: [], release: [] }, at(seen));
}

async function seal(store: Store, now: string, windowSeconds = 3600, onSealed: OnSealed = nothing): Promise<number> {
  return await sealDue({ store, clock: clockAt(at(now)), windowSeconds, graceSeconds: 120, onSealed }, signal);
}

async function stated(store: Store): Promise<readonly string[]> {
  const rows = await store.db.selectFrom('usage_window').selectAll().orderBy('id').execute();
  return rows.map(
    (row) =>
      `${row.window_start.toISOString().slice(11, 16)} r${row.revision} ${row.quantity} (${row.exact_ms} ms, carry ${row.carry_ms})`,
  );
}

test.for(storeKinds)('%s: windows wait for grace and sight, carry the rest, and are sealed once', async (kind, ctx) => {
  const store = await stores.open(kind);
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  await record(store, [held('a', '10:30:00', '10:30:01.500', 1), held('b', '10:59:59.700')], '11:01:00');
  expect(await seal(store, '11:30:00')).toBe(0);
  await record(store, [], '11:02:00');
  expect(await seal(store, '11:01:59')).toBe(0);
  expect(await seal(store, '11:30:00')).toBe(1);
  await record(store, [], '13:05:00');
  expect(await seal(store, '13:05:00')).toBe(2);
  expect(await seal(store, '13:05:00')).toBe(0);
  expect(await stated(store)).toEqual([
    '10:00 r1 1 (1800 ms, carry 800)',
    '11:00 r1 3600 (3600000 ms, carry 800)',
    '12:00 r1 3600 (3600000 ms, carry 800)',
  ]);
});

test.for(storeKinds)('%s: an end and a bind that are told late become signed revisions', async (kind, ctx) => {
  const store = await stores.open(kind);
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  await record(store, [held('a', '10:00:00')], '12:05:00');
  await seal(store, '12:05:00');
  const { open } = await readOpen(store);
  const close = open.map(({ uid, deviceKey }) => ({ uid, deviceKey, end: { at: at('10:40:00'), estimated: false } }));
  await writePlan(store, { open: [held('late', '11:59:00', '12:30:00', 2)], close, release: [] }, at('12:06:00'));
  await seal(store, '12:06:00');
  await seal(store, '12:06:00');
  expect(await stated(store)).toEqual([
    '10:00 r1 3600 (3600000 ms, carry 0)',
    '11:00 r1 3600 (3600000 ms, carry 0)',
    '10:00 r2 -1200 (-1200000 ms, carry 0)',
    '11:00 r2 -3480 (-3480000 ms, carry 0)',
  ]);
});

test.for(storeKinds)('%s: an end that is told while its window is being sealed is not lost', async (kind, ctx) => {
  const store = await stores.open(kind);
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  await record(store, [held('a', '10:00:00')], '11:05:00');
  const close = [{ uid: 'a', deviceKey: 'nvidia.com/gpu', end: { at: at('10:40:00'), estimated: false } }];
  let told: Promise<void> | undefined;
  await seal(store, '11:05:00', 3600, async () => {
    told ??= writePlan(store, { open: [], close, release: [] }, at('11:05:05'));
    await Promise.race([told, delay(500)]);
  });
  await told;
  await seal(store, '11:06:00');
  expect(await stated(store)).toEqual(['10:00 r1 3600 (3600000 ms, carry 0)', '10:00 r2 -1200 (-1200000 ms, carry 0)']);
});

test.for(storeKinds)('%s: what was held before the first window and is seen later is sealed too', async (kind, ctx) => {
  const store = await stores.open(kind);
  if ('unavailable' in store) return ctx.skip(store.unavailable);
  await record(store, [held('a', '10:30:00', '11:00:00')], '11:05:00');
  await seal(store, '11:05:00');
  await record(store, [held('late', '08:15:00', '10:15:00')], '11:06:00');
  await seal(store, '11:06:00');
  await seal(store, '11:06:00');
  expect(await stated(store)).toEqual([
    '10:00 r1 1800 (1800000 ms, carry 0)',
    '09:00 r1 3600 (3600000 ms, carry 0)',
    '08:00 r1 2700 (2700000 ms, carry 0)',
    '10:00 r2 900 (900000 ms, carry 0)',
  ]);
});

test('finding the intervals of a window does not read the history', async () => {
  const store = await stores.open('pglite');
  if ('unavailable' in store) throw new Error(store.unavailable);
  await sql`INSERT INTO alloc_interval SELECT 'u' || g, 'gpu', ts, ts + interval '1 hour', 't', 'n', 'p', 'l4', 'm', 'full', 'me', 1, false
    FROM generate_series(1, 20000) AS g, LATERAL (SELECT '2025-12-01'::timestamptz + g * interval '1 minute' AS ts) AS t`.execute(
    store.db,
  );
  await asOwner(store, (trx) => sql`ANALYZE alloc_interval`.execute(trx));
  const end = Date.parse('2025-12-14T20:00:00Z');
  const plan = await touching(store.db, { start: end - 3_600_000, end }).explain('text');
  expect(JSON.stringify(plan)).toContain('alloc_interval_closed');
});

test('what the hook refuses is not sealed: window, remainder and hook share one transaction', async () => {
  const store = await stores.open('pglite');
  if ('unavailable' in store) throw new Error(store.unavailable);
  await record(store, [held('a', '10:00:00.001')], '11:05:00');
  const killed: OnSealed = async () => {
    throw new Error('killed');
  };
  await expect(seal(store, '11:05:00', 3600, killed)).rejects.toThrow('killed');
  expect(await store.db.selectFrom('sealed_grid').selectAll().execute()).toEqual([]);
  expect(await store.db.selectFrom('remainder').selectAll().execute()).toEqual([]);
  const frozen: bigint[] = [];
  await seal(
    store,
    '11:05:00',
    3600,
    async (_, windows) => void frozen.push(...windows.map(({ quantity }) => quantity)),
  );
  expect(frozen).toEqual([3599n]);
});

test('windows end early where a price changes, forwards and backwards', async () => {
  const store = await stores.open('pglite');
  if ('unavailable' in store) throw new Error(store.unavailable);
  const changes = [at('09:20:00'), at('10:00:00'), at('10:40:00')];
  const readCuts: ReadCuts = async (_, { start, end }) => changes.filter((one) => one > start && one < end);
  const options = { store, windowSeconds: 3600, graceSeconds: 120, onSealed: nothing, readCuts };
  await record(store, [held('a', '10:30:00', '11:00:00')], '10:43:00');
  expect(await sealDue({ ...options, clock: clockAt(at('10:42:00')) }, signal)).toBe(1);
  await record(store, [held('late', '09:10:00', '09:30:00')], '11:05:00');
  expect(await sealDue({ ...options, clock: clockAt(at('11:05:00')) }, signal)).toBe(3);
  expect(await stated(store)).toEqual([
    '10:00 r1 600 (600000 ms, carry 0)',
    '10:40 r1 1200 (1200000 ms, carry 0)',
    '09:20 r1 600 (600000 ms, carry 0)',
    '09:00 r1 600 (600000 ms, carry 0)',
  ]);
});
