import {
  createPlanner,
  createSnapshot,
  learn,
  type Member,
  type NodeFacts,
  type Planner,
  type PlanPolicy,
  placeMember,
  release,
  settle,
} from '../../operator/scheduling/planner/index.ts';
import { askedMilli } from '../../operator/scheduling/simulate/index.ts';
import type { Job, Jobs } from '../fleet/jobs.ts';

/** Steps of making prices for each job: a controller has no time for more when jobs come fast. */
const STEPS = 1;

/** What became of the jobs. */
export interface Outcome {
  /** GPU time used by the GPU time there was, 0..1. */
  readonly used: number;
  /** Seconds waited by each job; of one that still waits at the end, until then. */
  readonly waits: readonly number[];
  /** Jain's index of what tenants got of what they asked for, 0..1. */
  readonly fairness: number;
}

interface Waiting {
  readonly number: number;
  readonly job: Job;
  readonly members: readonly Member[];
  /** Equal for jobs of which either all fit or none. */
  readonly kind: string;
}

/**
 * Plays jobs against a planner until the last has arrived. Everyone has the same queue: the oldest first, who does not
 * fit waits and stops nobody behind, and all are tried again when something ended. Nothing is preempted or moved.
 */
export function playJobs(nodes: readonly NodeFacts[], { jobs, horizon }: Jobs, policy: PlanPolicy): Outcome {
  const planner = createPlanner(createSnapshot(nodes, policy.seed), policy);
  const ends = new Ends();
  const waits = jobs.map(({ arrives }) => Math.max(0, horizon - arrives));
  const got = new Map<string, number>();
  let queue: Waiting[] = [];
  let used = 0;

  const start = ({ number, job, members }: Waiting, now: number): boolean => {
    if (!placeAll(planner, members)) return false;
    waits[number] = now - job.arrives;
    const milliSeconds = askedMilli(job.pod) * job.size * Math.max(0, Math.min(job.runs, horizon - now));
    used += milliSeconds;
    got.set(job.tenant, (got.get(job.tenant) ?? 0) + milliSeconds);
    ends.add({ at: now + job.runs, members });
    return true;
  };
  const endUntil = (time: number): void => {
    for (let next = ends.first(); next !== undefined && next <= time; next = ends.first()) {
      for (const member of ends.take(next)) release(planner.snapshot, member.key);
      const failed = new Set<string>();
      queue = queue.filter((waiting) => {
        if (failed.has(waiting.kind)) return true;
        if (start(waiting, next)) return false;
        failed.add(waiting.kind);
        return true;
      });
    }
  };
  for (const [number, job] of jobs.entries()) {
    endUntil(job.arrives);
    const waiting = waitingOf(number, job);
    for (const member of waiting.members) learn(planner, member);
    settle(planner, STEPS);
    if (!start(waiting, job.arrives)) queue.push(waiting);
  }
  endUntil(horizon);
  return { used: used / (planner.snapshot.capacityMilli * horizon), waits, fairness: jain(jobs, got, horizon) };
}

function waitingOf(number: number, job: Job): Waiting {
  const { pod, size } = job;
  const members = Array.from({ length: size }, (_, at) => ({ ...pod, key: `${number}/${at}` }));
  const kind = JSON.stringify([pod.cpuMilli, pod.memoryMiB, pod.gpus, pod.where ?? null, size]);
  return { number, job, members, kind };
}

function placeAll(planner: Planner, members: readonly Member[]): boolean {
  for (const [at, member] of members.entries()) {
    if (placeMember(planner, 'job', member) !== undefined) continue;
    for (const { key } of members.slice(0, at)) release(planner.snapshot, key);
    return false;
  }
  return true;
}

/** (Σx)² ÷ (n·Σx²) of what each tenant got by what it asked for until the end. */
function jain(jobs: readonly Job[], got: ReadonlyMap<string, number>, horizon: number): number {
  const asked = new Map<string, number>();
  for (const { pod, size, tenant, runs, arrives } of jobs) {
    const milliSeconds = askedMilli(pod) * size * Math.min(runs, horizon - arrives);
    asked.set(tenant, (asked.get(tenant) ?? 0) + milliSeconds);
  }
  const parts = [...asked].flatMap(([tenant, milli]) => (milli > 0 ? [(got.get(tenant) ?? 0) / milli] : []));
  const sum = parts.reduce((total, part) => total + part, 0);
  const squares = parts.reduce((total, part) => total + part * part, 0);
  return squares === 0 ? 1 : (sum * sum) / (parts.length * squares);
}

/** What ends when: a binary heap by time. */
class Ends {
  readonly #heap: { readonly at: number; readonly members: readonly Member[] }[] = [];

  first(): number | undefined {
    return this.#heap[0]?.at;
  }

  add(end: { readonly at: number; readonly members: readonly Member[] }): void {
    const heap = this.#heap;
    let at = heap.push(end) - 1;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if ((heap[above]?.at ?? 0) <= end.at) break;
      heap[at] = heap[above] as (typeof heap)[number];
      at = above;
    }
    heap[at] = end;
  }

  /** Takes all that end by a time, and answers their pods. */
  take(time: number): Member[] {
    const members: Member[] = [];
    while ((this.first() ?? Number.POSITIVE_INFINITY) <= time) members.push(...(this.#pop()?.members ?? []));
    return members;
  }

  #pop(): { readonly at: number; readonly members: readonly Member[] } | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= heap.length) break;
      if (below + 1 < heap.length && (heap[below + 1]?.at ?? 0) < (heap[below]?.at ?? 0)) below++;
      if ((heap[below]?.at ?? 0) >= last.at) break;
      heap[at] = heap[below] as (typeof heap)[number];
      at = below;
    }
    heap[at] = last;
    return top;
  }
}
