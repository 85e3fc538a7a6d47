import type { Clock } from '../../observability/index.ts';
import { type Store, StoreError } from '../../store/index.ts';
import type { SinkEntry } from '../sinks/registry.ts';
import { settleMillis } from './decide.ts';
import { settleHour } from './hour.ts';
import { type Pair, type PairHour, readOpenHours, readOurs, readPairs, readSuspects } from './read.ts';
import type { Scope } from './schedule.ts';

/** What a comparison works with. */
export interface PassDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly provider: string;
  readonly entry: SinkEntry;
  /** The largest difference, in GPU-seconds, that is corrected without a person. */
  readonly bound: bigint;
}

/** What a comparison found. */
export interface PassResult {
  readonly checked: number;
  readonly differing: number;
}

const hourSeconds = 3600;
const daySeconds = 86_400;

/**
 * Compares every pair of a scope, one read of the provider each, and settles the hours that differ. A pair that cannot be
 * read keeps no other from being compared; its error is thrown at the end, so that the comparison counts as not made.
 */
export async function comparePairs(deps: PassDeps, scope: Scope, signal: AbortSignal): Promise<PassResult> {
  const { from, to, customer } = scope;
  let [checked, differing] = [0, 0];
  const failures: unknown[] = [];
  for (const pair of await readPairs(deps.store, deps.provider, from, to, customer)) {
    signal.throwIfAborted();
    try {
      const found = await comparePair(deps, pair, scope, signal);
      checked += found.checked;
      differing += found.differing;
    } catch (error) {
      // A successor writes now: nothing more can be settled.
      if (error instanceof StoreError) throw error;
      failures.push(error);
    }
  }
  if (failures.length > 0) throw failures[0];
  return { checked, differing };
}

async function comparePair(
  deps: PassDeps,
  pair: Pair,
  { from, to, grain }: Scope,
  signal: AbortSignal,
): Promise<PassResult> {
  const theirs = await sums(deps, pair, from, to, grain, signal);
  const ours = await readOurs(deps.store, pair, from, to, grain);
  const open = await readOpenHours(deps.store, pair, from, to);
  const step = grain === 'hour' ? hourSeconds : daySeconds;
  const reopened = open.map((hour) => hour - (hour % step));
  const starts = new Set([...ours.keys(), ...theirs.keys(), ...reopened]);
  let differing = 0;
  for (const start of [...starts].toSorted((a, b) => a - b)) {
    if ((ours.get(start) ?? 0n) === (theirs.get(start) ?? 0n) && !reopened.includes(start)) continue;
    if (grain === 'hour') differing += await settle(deps, { ...pair, hour: start }, theirs.get(start) ?? 0n);
    if (grain === 'day') differing += await compareHours(deps, pair, start, start + daySeconds, signal);
  }
  return { checked: starts.size, differing };
}

/** The hours of a day that differs. */
async function compareHours(
  deps: PassDeps,
  pair: Pair,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<number> {
  const theirs = await sums(deps, pair, from, to, 'hour', signal);
  const ours = await readOurs(deps.store, pair, from, to, 'hour');
  const open = await readOpenHours(deps.store, pair, from, to);
  let differing = 0;
  for (const hour of new Set([...ours.keys(), ...theirs.keys(), ...open])) {
    if ((ours.get(hour) ?? 0n) === (theirs.get(hour) ?? 0n) && !open.includes(hour)) continue;
    differing += await settle(deps, { ...pair, hour }, theirs.get(hour) ?? 0n);
  }
  return differing;
}

/** Looks again at hours that differed; returns how many were looked at. */
export async function revisitSuspects(deps: PassDeps, signal: AbortSignal): Promise<number> {
  const suspects = await readSuspects(deps.store, deps.provider, deps.clock.now() - settleMillis);
  for (const suspect of suspects) {
    signal.throwIfAborted();
    const theirs = await sums(deps, suspect, suspect.hour, suspect.hour + hourSeconds, 'hour', signal);
    await settle(deps, suspect, theirs.get(suspect.hour) ?? 0n);
  }
  return suspects.length;
}

async function settle({ store, clock, bound }: PassDeps, hour: PairHour, theirs: bigint): Promise<number> {
  const verdict = await settleHour(store, hour, theirs, bound, clock.now());
  return verdict.kind === 'level' || verdict.kind === 'unsettled' ? 0 : 1;
}

async function sums(
  { entry }: PassDeps,
  { eventName, customer }: Pair,
  from: number,
  to: number,
  grain: 'hour' | 'day',
  signal: AbortSignal,
): Promise<ReadonlyMap<number, bigint>> {
  await entry.paceReads(signal);
  return (await entry.sink.recordedSums?.(eventName, customer, from, to, grain)) ?? new Map();
}
