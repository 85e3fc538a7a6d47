import {
  createPlanner,
  createSnapshot,
  type Gang,
  type Holding,
  hold,
  type NodeFacts,
  type Planner,
  placeGang,
  type Quota,
  type Random,
  type RunTime,
  release,
  seededRandom,
} from '../planner/index.ts';

/** Replays of the queue; the quantiles are read off them. */
const REPLAYS = 64;
/** Ends that one replay goes through at most; a gang that has not started by then starts at an unknown time. */
const ENDS = 1024;
/** Gangs ahead of the one that is asked for that a replay places; those behind it are left out. */
const AHEAD = 256;
/** The ninetieth percentile of the standard normal distribution. */
const Z90 = 1.2815515655446004;

/** A pod that holds room. */
export interface RunningPod {
  readonly holding: Holding;
  /** Milliseconds since the epoch; undefined when it has not begun. */
  readonly startedAt?: number;
  readonly runs?: RunTime;
}

/** What an expectation rests on. */
export interface ReplayInput {
  readonly now: number;
  readonly nodes: readonly NodeFacts[];
  readonly running: readonly RunningPod[];
  /** Gangs in the order in which they are tried. */
  readonly queue: readonly Gang[];
  readonly quotas: readonly Quota[];
  readonly seed: number;
}

/** When a gang is expected to start, in milliseconds since the epoch. */
export interface Expectation {
  readonly p50: number;
  readonly p90: number;
  /** The weakest of what it rests on: run times that pods declare, that their owners' pods had, or partly nothing. */
  readonly basis: RunTime['basis'];
}

/**
 * When a gang that waits is expected to start: the queue is replayed many times, each time with run times drawn anew, and
 * in at least half (p50) or nine of ten (p90) of the replays it has started by then. Pods of which no run time is known
 * are taken to run for ever, so the answer is never too early for their sake. Undefined where it does not start in nine of
 * ten. Same input, same answer.
 */
export function expectedStart(input: ReplayInput, key: string): Expectation | undefined {
  const random = seededRandom(input.seed);
  const starts: number[] = [];
  for (let replay = 0; replay < REPLAYS; replay++) {
    starts.push(startIn(input, key, (runs, elapsed) => drawn(runs, elapsed, random)) ?? Number.POSITIVE_INFINITY);
  }
  starts.sort((left, right) => left - right);
  const at = (part: number): number => starts[Math.ceil(part * REPLAYS) - 1] ?? Number.POSITIVE_INFINITY;
  const [p50, p90] = [at(0.5), at(0.9)];
  return p90 === Number.POSITIVE_INFINITY ? undefined : { p50, p90, basis: basisOf(input, key) };
}

/** How long something runs in all, of which it has run `elapsed`; Infinity where nothing is known. In milliseconds. */
export type Draw = (runs: RunTime | undefined, elapsed: number) => number;

/** When the gang starts if everything runs as long as drawn; undefined when it never does. */
export function startIn(
  { now, nodes, running, queue, quotas }: ReplayInput,
  key: string,
  draw: Draw,
): number | undefined {
  const snapshot = createSnapshot(nodes);
  const planner = createPlanner(snapshot, { name: 'best-fit', typical: [] });
  const ends: { readonly at: number; readonly keys: readonly string[] }[] = [];
  for (const { holding, startedAt, runs } of running) {
    hold(snapshot, holding);
    const elapsed = startedAt === undefined ? 0 : Math.max(0, now - startedAt);
    ends.push({ at: now + draw(runs, elapsed) - elapsed, keys: [holding.key] });
  }
  const until = queue.findIndex((gang) => gang.key === key) + 1;
  let waiting = queue.slice(Math.max(0, until - AHEAD), until).filter(({ heldBack }) => heldBack === undefined);
  for (let time = now, seen = 0; seen < ENDS; seen++) {
    const left: Gang[] = [];
    for (const gang of waiting) {
      if (!starts(planner, gang, quotas)) {
        left.push(gang);
        continue;
      }
      if (gang.key === key) return time;
      ends.push({ at: time + draw(gang.runs, 0), keys: gang.members.map((member) => member.key) });
    }
    waiting = left;
    ends.sort((left_, right) => right.at - left_.at);
    const next = ends.pop();
    if (next === undefined || next.at === Number.POSITIVE_INFINITY) return undefined;
    time = Math.max(time, next.at);
    for (const ended of next.keys) release(snapshot, ended);
  }
  return undefined;
}

function starts(planner: Planner, gang: Gang, quotas: readonly Quota[]): boolean {
  return placeGang(planner, gang, quotas) !== undefined;
}

/** Draws from the lognormal distribution with these quantiles, given that it has run so long already. */
function drawn(runs: RunTime | undefined, elapsed: number, random: Random): number {
  if (runs === undefined) return Number.POSITIVE_INFINITY;
  const spread = Math.log(runs.p90 / runs.p50) / Z90;
  for (let tries = 0; tries < 32; tries++) {
    const total = runs.p50 * Math.exp(spread * normal(random));
    if (total > elapsed) return total;
  }
  // It runs far longer than expected: then it is taken to go on for as long again.
  return elapsed * 2;
}

/** A draw from the standard normal distribution [Box–Muller]. */
export function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function basisOf({ running, queue }: ReplayInput, key: string): RunTime['basis'] {
  const until = queue.findIndex((gang) => gang.key === key);
  const all = [...running, ...queue.slice(0, Math.max(0, until))].map(({ runs }) => runs?.basis ?? 'low');
  if (all.includes('low')) return 'low';
  return all.includes('history') ? 'history' : 'declared';
}
