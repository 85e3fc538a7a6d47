import type { Transaction } from 'kysely';

import type { Clock } from '../../observability/index.ts';
import type { Schema, Store } from '../../store/index.ts';
import { lockPasses, readSeen } from '../repository.ts';
import { measuredMs } from './correct.ts';
import { readHeld, readMeters } from './read.ts';
import { exactMillis, firstPart, lastPart, nextWindow, type Span, windowStart } from './window.ts';
import { type SealedUsage, type Usage, writeUsages } from './write.ts';

/** Called inside the sealing transaction, so that what rests on the windows is frozen with them or not at all. */
export type OnSealed = (trx: Transaction<Schema>, windows: readonly SealedUsage[]) => Promise<void>;

/** The moments strictly inside a span at which windows are cut, in milliseconds since 1970; billing's `priceChanges`. */
export type ReadCuts = (trx: Transaction<Schema>, span: Span) => Promise<readonly number[]>;

/** How the sealer works. */
export interface SealerOptions {
  readonly store: Store;
  readonly clock: Clock;
  /** Length of a window; production is 3600 (UTC hours). */
  readonly windowSeconds: number;
  /** How long after its end a window waits for late news of ends. */
  readonly graceSeconds: number;
  readonly onSealed: OnSealed;
  /** Where windows end early, so that each has one price; nowhere when absent. */
  readonly readCuts?: ReadCuts;
}

/** Windows of one call: enough to catch up a month of hours, few enough to answer a stop soon. */
const mostWindows = 1000;

/**
 * Seals every window that has ended and whose intervals have been looked at since, each in one transaction;
 * then answers changes inside sealed windows with revisions. Returns the number of windows sealed.
 */
export async function sealDue(options: SealerOptions, signal: AbortSignal): Promise<number> {
  const { store, clock, graceSeconds } = options;
  const seen = await readSeen(store);
  if (seen === undefined) return 0;
  const limit = Math.min(seen, clock.now()) - graceSeconds * 1000;
  let sealed = 0;
  while (sealed < mostWindows && !signal.aborted && (await sealNext(options, limit))) sealed += 1;
  while (sealed < mostWindows && !signal.aborted && (await sealBefore(options))) sealed += 1;
  // What began before the grid is revised once the grid reaches back to it.
  if (sealed < mostWindows && !signal.aborted) await reviseLate(options);
  return sealed;
}

/** One transaction: the grid's next window, its usage, the remainders and the hook. False when none is due. */
async function sealNext(options: SealerOptions, limit: number): Promise<boolean> {
  const { store, windowSeconds } = options;
  return await store.fence.within(async (trx) => {
    await lockPasses(trx);
    const start = await gridEnd(trx, windowSeconds);
    if (start === undefined) return false;
    const whole = nextWindow(start, windowSeconds);
    const window = firstPart(whole, (await options.readCuts?.(trx, whole)) ?? []);
    if (window.end > limit) return false;
    await sealWindow(options, trx, window);
    return true;
  });
}

/** One transaction: the window before the grid's first, where an interval that was seen late began earlier. */
async function sealBefore(options: SealerOptions): Promise<boolean> {
  const { store, windowSeconds } = options;
  return await store.fence.within(async (trx) => {
    await lockPasses(trx);
    const late = await trx
      .selectFrom('late_change')
      .select(({ fn }) => fn.min('from_at').as('from'))
      .executeTakeFirst();
    const grid = await trx
      .selectFrom('sealed_grid')
      .select(({ fn }) => fn.min('window_start').as('start'))
      .executeTakeFirst();
    if (!late?.from || !grid?.start || late.from >= grid.start) return false;
    const end = grid.start.getTime();
    const whole = { start: windowStart(end - 1, windowSeconds), end };
    await sealWindow(options, trx, lastPart(whole, (await options.readCuts?.(trx, whole)) ?? []));
    return true;
  });
}

async function sealWindow({ onSealed }: SealerOptions, trx: Transaction<Schema>, window: Span): Promise<void> {
  await trx
    .insertInto('sealed_grid')
    .values({ window_start: new Date(window.start), window_end: new Date(window.end) })
    .execute();
  const meters = await readMeters(trx, window);
  const usages = meters.map(([key, intervals]) => ({ ...key, window, revision: 1, ...exactMillis(intervals, window) }));
  const used = usages.filter(({ exactMs }) => exactMs > 0n);
  await onSealed(trx, await writeUsages(trx, used));
}

/** Where the grid ends; before the first window, where the first interval began. */
async function gridEnd(trx: Transaction<Schema>, windowSeconds: number): Promise<number | undefined> {
  const grid = await trx
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('end'))
    .executeTakeFirst();
  if (grid?.end) return grid.end.getTime();
  const first = await trx
    .selectFrom('alloc_interval')
    .select(({ fn }) => fn.min('opened_at').as('at'))
    .executeTakeFirst();
  return first?.at ? windowStart(first.at.getTime(), windowSeconds) : undefined;
}

/** Compares the sealed windows that an interval changed late with the intervals, and states the difference as a revision. */
async function reviseLate(options: SealerOptions): Promise<void> {
  const { store, onSealed } = options;
  const pending = await store.db.selectFrom('late_change').selectAll().orderBy('id').limit(mostWindows).execute();
  for (const change of pending) {
    await store.fence.within(async (trx) => {
      await lockPasses(trx);
      const windows = await trx
        .selectFrom('sealed_grid')
        .selectAll()
        .where('window_end', '>', change.from_at)
        .where('window_start', '<', change.to_at)
        .orderBy('window_start')
        .execute();
      const revisions: Usage[] = [];
      for (const { window_start, window_end } of windows) {
        const window = { start: window_start.getTime(), end: window_end.getTime() };
        const revision = await revise(trx, change.tenant, change.meter, window);
        if (revision !== undefined) revisions.push(revision);
      }
      await trx.deleteFrom('late_change').where('id', '=', change.id).execute();
      await onSealed(trx, await writeUsages(trx, revisions));
    });
  }
}

async function revise(
  trx: Transaction<Schema>,
  tenant: string,
  meter: string,
  window: Span,
): Promise<Usage | undefined> {
  const { device, intervals } = await readHeld(trx, tenant, meter, window);
  const { exactMs, estimated } = exactMillis(intervals, window);
  const stated = await trx
    .selectFrom('usage_window')
    .select(({ fn }) => [
      measuredMs.as('exact'),
      fn.max('revision').as('revision'),
      fn.max('model').as('model'),
      fn.max('profile').as('profile'),
    ])
    .where('tenant', '=', tenant)
    .where('meter', '=', meter)
    .where('window_start', '=', new Date(window.start))
    .executeTakeFirstOrThrow();
  const difference = exactMs - BigInt(stated.exact);
  if (difference === 0n) return undefined;
  const { model, profile } = device ?? { model: stated.model ?? 'unknown', profile: stated.profile ?? 'full' };
  const revision = (stated.revision ?? 0) + 1;
  return { tenant, meter, model, profile, window, revision, exactMs: difference, estimated };
}
