import { type Kysely, sql, type Transaction } from 'kysely';

import type { Schema, Store } from '../../store/index.ts';
import { touching } from '../sealing/read.ts';
import type { Span } from '../sealing/window.ts';
import { type ChainCheck, checkChain } from './chain.ts';
import type { Mismatch } from './mismatch.ts';
import { checkCorrections, checkGrid, checkWindow, type HeldSum, keyOf, type StatedSum } from './windows.ts';

/** What was verified, and what did not fit. */
export interface Verification {
  /** Rows of usage windows, revisions included. */
  readonly windows: number;
  /** The head of each tenant's chain: kept elsewhere, it shows a tail that was cut off. */
  readonly heads: readonly { readonly tenant: string; readonly hash: string }[];
  readonly mismatches: readonly Mismatch[];
}

const pageRows = 1000;

/**
 * Recomputes every tenant's hash chain, and every sealed window from the intervals. It reads in small snapshots, so that
 * an operator that works on the same database is not kept waiting; what is stated meanwhile is verified next time.
 */
export async function verifyUsage(store: Store): Promise<Verification> {
  const { last } = await store.db
    .selectFrom('usage_window')
    .select(({ fn }) => fn.coalesce(fn.max('id'), sql.lit(0n)).as('last'))
    .executeTakeFirstOrThrow();
  const chains = await verifyChains(store, last);
  return { ...chains, mismatches: [...chains.mismatches, ...(await verifyWindows(store))] };
}

async function verifyChains(store: Store, last: bigint): Promise<Verification> {
  const checks = new Map<string, ChainCheck>();
  const heads = new Map<string, string>();
  const mismatches: Mismatch[] = [];
  let windows = 0;
  for (let after = 0n; ; ) {
    const rows = await store.db
      .selectFrom('usage_window')
      .selectAll()
      .where('id', '>', after)
      .where('id', '<=', last)
      .orderBy('id')
      .limit(pageRows)
      .execute();
    for (const { window_start, window_end, exact_ms, carry_ms, prev_hash, ...row } of rows) {
      const check = checks.get(row.tenant) ?? checkChain();
      checks.set(row.tenant, check);
      heads.set(row.tenant, row.hash);
      const window = { start: window_start.getTime(), end: window_end.getTime() };
      const stated = { ...row, quantity: BigInt(row.quantity), exactMs: exact_ms, carryMs: carry_ms };
      mismatches.push(...check.add({ ...stated, window, previous: prev_hash }));
    }
    windows += rows.length;
    const end = rows.at(-1);
    if (end === undefined) break;
    after = end.id;
  }
  for (const tenant of checks.keys()) mismatches.push(...(await verifyRemainders(store, tenant)));
  return { windows, heads: [...heads].toSorted().map(([tenant, hash]) => ({ tenant, hash })), mismatches };
}

/** The remainders of a tenant are what the last row of each meter left. */
async function verifyRemainders(store: Store, tenant: string): Promise<readonly Mismatch[]> {
  return await snapshot(store.db, async (trx) => {
    const left = await trx
      .selectFrom('usage_window')
      .distinctOn('meter')
      .select(['meter', 'carry_ms', 'window_start'])
      .where('tenant', '=', tenant)
      .orderBy('meter')
      .orderBy('id', 'desc')
      .execute();
    const rows = await trx.selectFrom('remainder').select(['meter', 'carry_ms']).where('tenant', '=', tenant).execute();
    const kept = new Map(rows.map(({ meter, carry_ms }) => [meter, carry_ms]));
    return left
      .filter(({ meter, carry_ms }) => kept.get(meter) !== carry_ms)
      .map(({ meter, carry_ms, window_start }) => ({
        ...{ tenant, meter, windowStart: window_start.toISOString(), kind: 'remainder' as const },
        ...{ expected: `${carry_ms} ms`, found: `${kept.get(meter) ?? 'none'} ms` },
      }));
  });
}

async function verifyWindows({ db }: Store): Promise<readonly Mismatch[]> {
  const mismatches: Mismatch[] = await strayRows(db);
  let before: Span | undefined;
  for (let after = new Date(0); ; ) {
    const grid = await db
      .selectFrom('sealed_grid')
      .selectAll()
      .where('window_start', '>', after)
      .orderBy('window_start')
      .limit(pageRows)
      .execute();
    for (const { window_start, window_end } of grid) {
      const window = { start: window_start.getTime(), end: window_end.getTime() };
      mismatches.push(...checkGrid(before, window), ...(await snapshot(db, (trx) => verifyWindow(trx, window))));
      before = window;
    }
    const end = grid.at(-1);
    if (end === undefined) return mismatches;
    after = end.window_start;
  }
}

async function verifyWindow(trx: Transaction<Schema>, window: Span): Promise<readonly Mismatch[]> {
  const intervals = await touching(trx, window).execute();
  const rows = await trx
    .selectFrom('usage_window as w')
    .leftJoin('usage_correction as c', 'c.usage_window_id', 'w.id')
    .select(['w.tenant', 'w.meter', 'w.exact_ms', 'w.model', 'w.profile', 'c.tenant as corrects', 'c.quantity'])
    .where('w.window_start', '=', new Date(window.start))
    .execute();
  const corrections = rows.flatMap(({ corrects, quantity, exact_ms, ...row }) =>
    corrects === null ? [] : [{ ...row, corrects, exactMs: exact_ms, quantity: BigInt(quantity ?? '0') }],
  );
  const changes = await trx
    .selectFrom('late_change')
    .select(['tenant', 'meter'])
    .where('from_at', '<', new Date(window.end))
    .where('to_at', '>', new Date(window.start))
    .execute();
  const held = [...Map.groupBy(intervals, keyOf).values()].flatMap((group): readonly HeldSum[] => {
    const [first] = group;
    if (first === undefined) return [];
    const touched = group.map(({ opened_at, closed_at, units, estimated }) => ({
      ...{ openedAt: opened_at.getTime(), closedAt: closed_at?.getTime(), units, estimated },
    }));
    return [{ tenant: first.tenant, meter: first.meter, devices: devicesOf(group), intervals: touched }];
  });
  const measured = rows.filter(({ corrects }) => corrects === null);
  const stated = [...Map.groupBy(measured, keyOf).values()].flatMap((group): readonly StatedSum[] => {
    const [first] = group;
    if (first === undefined) return [];
    const exactMs = group.reduce((sum, { exact_ms }) => sum + exact_ms, 0n);
    return [{ tenant: first.tenant, meter: first.meter, exactMs, devices: devicesOf(group) }];
  });
  const sums = checkWindow(window, held, stated, new Set(changes.map(keyOf)));
  return [...sums, ...checkCorrections(window, corrections)];
}

function devicesOf(rows: readonly { readonly model: string; readonly profile: string }[]): readonly string[] {
  return [...new Set(rows.map(({ model, profile }) => `${model} ${profile}`))].toSorted();
}

/** Rows whose window is not one of the grid. */
async function strayRows(db: Kysely<Schema>): Promise<Mismatch[]> {
  const rows = await db
    .selectFrom('usage_window as w')
    .leftJoin('sealed_grid as g', 'g.window_start', 'w.window_start')
    .select(['w.tenant', 'w.meter', 'w.window_start', 'w.window_end', 'g.window_end as grid_end'])
    .where((eb) => eb.or([eb('g.window_end', 'is', null), eb('g.window_end', '<>', eb.ref('w.window_end'))]))
    .orderBy('w.id')
    .limit(pageRows)
    .execute();
  return rows.map(({ tenant, meter, window_start, window_end, grid_end }) => ({
    ...{ tenant, meter, windowStart: window_start.toISOString(), kind: 'grid' as const },
    ...{ expected: grid_end?.toISOString() ?? 'no window', found: window_end.toISOString() },
  }));
}

/** Reads one state of the database. */
async function snapshot<T>(db: Kysely<Schema>, work: (trx: Transaction<Schema>) => Promise<T>): Promise<T> {
  return await db.transaction().execute(async (trx) => {
    await sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY`.execute(trx);
    return await work(trx);
  });
}
