import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import type { Clock } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { asOwner, emptyTables, storeKinds, testStores } from '../../store/testing/index.ts';
import type { NewInterval } from '../facts.ts';
import { readOpen, writePlan } from '../repository.ts';
import { sealDue } from '../sealing/sealer.ts';
import { verifyUsage } from './verify.ts';

const stores = testStores();
const opened = new Map<string, Store | { readonly unavailable: string }>();
beforeAll(async () => {
  for (const kind of storeKinds) opened.set(kind, await stores.open(kind));
});
afterAll(() => stores.close());

const at = (text: string): number => Date.parse(`2026-01-01T${text}Z`);
const now = at('13:30:00');
const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };

function held(uid: string, tenant: string, from: string, to: string | undefined, units: number): NewInterval {
  const device = { model: 'NVIDIA-L4', profile: 'full', meter: 'gpu_seconds__nvidia_l4__full', deviceKey: 'gpu' };
  const end = to === undefined ? undefined : { at: at(to), estimated: false };
  return { ...device, uid, tenant, namespace: tenant, pod: uid, node: 'l4', units, openedAt: at(from), end };
}

async function seal(store: Store): Promise<void> {
  const options = { store, clock, windowSeconds: 3600, graceSeconds: 120, onSealed: async () => undefined };
  await sealDue(options, new AbortController().signal);
}

/** Two tenants, three hours, a revision, and remainders below a second. */
async function prepared(store: Store): Promise<void> {
  await emptyTables(store);
  const open = [
    held('a', 'acme', '10:15:00.250', '12:10:00.500', 2),
    held('b', 'acme', '11:00:00', undefined, 1),
    held('c', 'globex', '10:59:59.999', '11:00:00.001', 8),
  ];
  await writePlan(store, { open, close: [], release: [] }, now);
  await seal(store);
  const running = (await readOpen(store)).open;
  const close = running.map(({ uid, deviceKey }) => ({ uid, deviceKey, end: { at: at('12:30:00'), estimated: true } }));
  await writePlan(store, { open: [], close, release: [] }, now);
}

let store: Store;
beforeEach(async () => {
  const found = opened.get('pglite');
  if (found === undefined || 'unavailable' in found) throw new Error('no embedded store');
  store = found;
});

test.for(storeKinds)('%s: a ledger that nobody touched fits, before and after its revisions', async (kind, ctx) => {
  const found = opened.get(kind);
  if (found === undefined || 'unavailable' in found) return ctx.skip(found?.unavailable);
  await prepared(found);
  expect((await verifyUsage(found)).mismatches).toEqual([]);
  await seal(found);
  const { windows, heads, mismatches } = await verifyUsage(found);
  expect(mismatches).toEqual([]);
  expect(windows).toBe(6);
  expect(heads).toMatchObject([{ tenant: 'acme' }, { tenant: 'globex' }]);
});

const acme = sql`tenant = 'acme' AND window_start = '2026-01-01T11:00:00Z' AND revision = 1`;

test.each<[string, ReturnType<typeof sql>, readonly string[]]>([
  [
    'the quantity of a window',
    sql`UPDATE usage_window SET quantity = quantity + 1 WHERE ${acme}`,
    ['hash', 'quantity'],
  ],
  ['its milliseconds', sql`UPDATE usage_window SET exact_ms = exact_ms + 1 WHERE ${acme}`, ['hash', 'carry', 'sum']],
  ['its remainder', sql`UPDATE usage_window SET carry_ms = carry_ms - 1 WHERE ${acme}`, ['hash', 'carry', 'carry']],
  ['whether it was estimated', sql`UPDATE usage_window SET estimated = true WHERE ${acme}`, ['hash']],
  ['its model', sql`UPDATE usage_window SET model = 'NVIDIA-L5' WHERE ${acme}`, ['hash', 'device']],
  ['its profile', sql`UPDATE usage_window SET profile = 'ts2' WHERE ${acme}`, ['hash', 'device']],
  ['its end', sql`UPDATE usage_window SET window_end = '2026-01-01T12:00:01Z' WHERE ${acme}`, ['hash', 'grid']],
  ['its revision', sql`UPDATE usage_window SET revision = 2 WHERE ${acme}`, ['hash', 'revision']],
  ['its hash', sql`UPDATE usage_window SET hash = 'x' || substr(hash, 2) WHERE ${acme}`, ['hash', 'link']],
  ['its link', sql`UPDATE usage_window SET prev_hash = 'x' || substr(prev_hash, 2) WHERE ${acme}`, ['hash', 'link']],
  ['a row is gone', sql`DELETE FROM usage_window WHERE ${acme}`, ['link', 'sum']],
  [
    'the last row of a chain is gone',
    sql`DELETE FROM usage_window WHERE id = (SELECT max(id) FROM usage_window)`,
    ['sum'],
  ],
  ['a remainder', sql`UPDATE remainder SET carry_ms = carry_ms + 1 WHERE tenant = 'acme'`, ['remainder']],
  [
    'the beginning of an interval',
    sql`UPDATE alloc_interval SET opened_at = '2026-01-01T10:15:00.251Z' WHERE uid = 'a'`,
    ['sum'],
  ],
  [
    'the end of an interval',
    sql`UPDATE alloc_interval SET closed_at = '2026-01-01T12:10:00.501Z' WHERE uid = 'a'`,
    ['sum'],
  ],
  ['the units of an interval', sql`UPDATE alloc_interval SET units = 7 WHERE uid = 'c'`, ['sum', 'sum']],
  [
    'the tenant of an interval',
    sql`UPDATE alloc_interval SET tenant = 'acmf' WHERE uid = 'c'`,
    ['sum', 'sum', 'sum', 'sum'],
  ],
  [
    'the model of an interval',
    sql`UPDATE alloc_interval SET model = 'NVIDIA-L5' WHERE uid = 'c'`,
    ['device', 'device'],
  ],
  ['an interval is gone', sql`DELETE FROM alloc_interval WHERE uid = 'c'`, ['sum', 'sum']],
  [
    'a window of the grid is gone',
    sql`DELETE FROM sealed_grid WHERE window_start = '2026-01-01T11:00:00Z'`,
    ['grid', 'grid', 'grid'],
  ],
])('changed behind our back: %s', async (_, change, kinds) => {
  await prepared(store);
  await seal(store);
  await asOwner(store, (trx) => change.execute(trx));
  const { mismatches } = await verifyUsage(store);
  expect(mismatches.map(({ kind }) => kind).toSorted()).toEqual(kinds.toSorted());
});
