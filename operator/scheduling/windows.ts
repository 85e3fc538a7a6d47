import type { GPUPool } from '../api/index.ts';
import { seconds } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import { createPoolsOf, type Gang, type HeldBack, type Planner, STARTED_PRIORITY } from './planner/index.ts';

/** How long gangs that come wait for each other. */
export interface Window {
  readonly pods: number;
  readonly maxWaitMillis: number;
}

/** Windows of pools by pool; a pool that is missing has none. */
export type WindowOfPool = ReadonlyMap<string, Window>;

/** Reads the windows of pools. */
export function windowsOf(pools: readonly GPUPool[]): WindowOfPool {
  return new Map(
    pools.flatMap(({ metadata, spec }) => {
      const { window } = spec.scheduling ?? {};
      if (window === undefined) return [];
      const { pods = 64, maxWaitSeconds = 2 } = window;
      return [[metadata.name, { pods, maxWaitMillis: seconds(maxWaitSeconds) }] as const];
    }),
  );
}

/** What windows say of a queue. */
export interface Windowed {
  /** The queue, with those held back that wait for others to come. */
  readonly queue: readonly Gang[];
  /** Keys of those that waited together and are to be planned now. */
  readonly closed: ReadonlySet<string>;
  /** How long each pod of these waited for others, in milliseconds. */
  readonly waitedMillis: readonly number[];
  /** Milliseconds until the next window closes; Infinity when none is open. */
  readonly dueMillis: number;
}

/** Windows from pass to pass. */
export interface Windows {
  /** Answers for every gang of the queue whether it waits for others; a gang goes through a window once. */
  readonly settle: (planner: Planner, queue: readonly Gang[], windows: WindowOfPool, nominated: Named) => Windowed;
}

type Named = ReadonlySet<string>;

/** Gangs that may run in the same pools and wait for each other. */
interface Open {
  readonly window: Window;
  readonly gangs: Gang[];
}

/**
 * Windows that have met nobody. When a gang came is counted from when it was first seen here: its own time is in whole
 * seconds of another machine's clock. A restarted process lets those that wait wait once more, at most for a window.
 */
export function createWindows(clock: Pick<Clock, 'monotonic'>): Windows {
  const cameAt = new Map<string, number>();
  const through = new Set<string>();
  return {
    settle: (planner, queue, windows, nominated) => {
      forget(queue, cameAt, through);
      const now = clock.monotonic();
      const waited = (gang: Gang): number => now - (cameAt.get(gang.key) ?? now);
      const held = new Map<string, HeldBack>();
      const closed: Gang[] = [];
      let dueMillis = Number.POSITIVE_INFINITY;
      const fresh = queue.filter((gang) => isPlanned(gang, nominated) && !through.has(gang.key));
      for (const { window, gangs } of openOf(planner, fresh, windows)) {
        for (const { key } of gangs) if (!cameAt.has(key)) cameAt.set(key, now);
        const left = window.maxWaitMillis - Math.max(...gangs.map(waited));
        if (left <= 0 || podsOf(gangs) >= window.pods) closed.push(...gangs);
        else {
          for (const { key } of gangs) held.set(key, waitsFor(window));
          dueMillis = Math.min(dueMillis, left);
        }
      }
      const waitedMillis = closed.flatMap((gang) => gang.members.map(() => waited(gang)));
      for (const { key } of fresh) if (!held.has(key)) through.add(key);
      return {
        queue: held.size === 0 ? queue : queue.map((gang) => withHold(gang, held.get(gang.key))),
        closed: new Set(closed.map(({ key }) => key)),
        waitedMillis,
        dueMillis,
      };
    },
  };
}

/** Whether a gang is planned in this pass, among others: who has begun, or has a place that was made for it, goes alone. */
function isPlanned({ key, heldBack, members, priority }: Gang, nominated: Named): boolean {
  return heldBack === undefined && members.length > 0 && priority < STARTED_PRIORITY && !nominated.has(key);
}

/** Gangs by the pools in which they may run, where all of these have a window: the shortest counts. */
function openOf(planner: Planner, gangs: readonly Gang[], windows: WindowOfPool): readonly Open[] {
  if (windows.size === 0) return [];
  const poolsOf = createPoolsOf(planner);
  const open = new Map<string, Open>();
  for (const gang of gangs) {
    const pools = poolsOf(gang);
    const all = pools.map((pool) => windows.get(pool)).filter((window) => window !== undefined);
    if (all.length === 0 || all.length < pools.length) continue;
    const key = JSON.stringify(pools);
    const known = open.get(key);
    if (known === undefined) open.set(key, { window: shortest(all), gangs: [gang] });
    else known.gangs.push(gang);
  }
  return [...open.values()];
}

function shortest(windows: readonly Window[]): Window {
  return {
    pods: Math.min(...windows.map(({ pods }) => pods)),
    maxWaitMillis: Math.min(...windows.map(({ maxWaitMillis }) => maxWaitMillis)),
  };
}

function waitsFor({ pods, maxWaitMillis }: Window): HeldBack {
  const sentence = `it waits for others that come, at most ${maxWaitMillis / 1000} s or until there are ${pods} pods (spec.scheduling.window of the GPUPool)`;
  return { blocker: 'Window', sentence };
}

function withHold(gang: Gang, heldBack: HeldBack | undefined): Gang {
  return heldBack === undefined ? gang : { ...gang, heldBack };
}

function podsOf(gangs: readonly Gang[]): number {
  return gangs.reduce((sum, { members }) => sum + members.length, 0);
}

function forget(queue: readonly Gang[], cameAt: Map<string, number>, through: Set<string>): void {
  const keys = new Set(queue.map(({ key }) => key));
  for (const key of cameAt.keys()) if (!keys.has(key)) cameAt.delete(key);
  for (const key of through) if (!keys.has(key)) through.delete(key);
}
