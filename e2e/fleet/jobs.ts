import { seededRandom } from '../../operator/scheduling/planner/index.ts';
import { askedMilli, type TracePod } from '../../operator/scheduling/simulate/index.ts';

/** Pods that start together, run for a time and end. */
export interface Job {
  readonly pod: TracePod;
  /** Alike pods of the gang; 1 for a single pod. */
  readonly size: number;
  readonly tenant: string;
  /** Seconds from the beginning, and seconds that it runs once it has started. */
  readonly arrives: number;
  readonly runs: number;
}

/** A workload with departures. */
export interface Jobs {
  /** In the order in which they arrive. */
  readonly jobs: readonly Job[];
  /** Seconds in which they arrive. */
  readonly horizon: number;
}

/** How much is asked for, and by how many jobs. */
export interface JobOptions {
  /** GPUs asked for at a time if there were room for all, averaged over the horizon, by the capacity. */
  readonly load: number;
  readonly capacityMilli: number;
  readonly count: number;
  readonly seed: number;
}

/** Sizes of gangs, all alike likely. */
const GANG_SIZES = [2, 4, 8] as const;
/** Part of the pods of one whole GPU that are gangs of such pods; pods of several GPUs all are. */
const GANGS_OF_SINGLES = 0.05;
/** Tenants; the k-th is asked for with a weight of 1/k. */
const TENANTS = 8;
/** Pods created before this part of the pods were are left out: a few that came over months, most of which never end. */
const EARLY = 0.1;

/**
 * Jobs made of the pods of a list with times: drawn with replacement, each with the time that its pod ran. They arrive
 * as the pods of the list did, at a pace at which they ask for `load` times the capacity. Pods without times are left out.
 */
export function makeJobs(pods: readonly TracePod[], { load, capacityMilli, count, seed }: JobOptions): Jobs {
  const random = seededRandom(seed);
  const timed = pods
    .flatMap((pod) => {
      const { createdSeconds: from, deletedSeconds: to } = pod;
      return from === undefined || to === undefined || pod.gpus.length === 0
        ? []
        : [{ pod, from, runs: Math.max(1, to - from) }];
    })
    .sort((left, right) => left.from - right.from);
  const kept = timed.slice(Math.floor(EARLY * timed.length));
  const first = kept[0]?.from ?? 0;
  const last = kept.at(-1)?.from ?? first;
  const drafts = Array.from({ length: kept.length === 0 ? 0 : count }, () => {
    const one = kept[Math.floor(random() * kept.length)] as (typeof kept)[number];
    // When it arrives is that of another pod: how long a pod runs must not say when it comes.
    const when = kept[Math.floor(random() * kept.length)] as (typeof kept)[number];
    const at = (when.from - first) / Math.max(1, last - first);
    return { ...one, at, size: gangSize(one.pod, random), tenant: `t${zipf(random)}` };
  });
  const asked = drafts.map(({ pod, size, runs, at }) => ({ milli: askedMilli(pod) * size, runs, at }));
  const horizon = horizonFor(asked, load * capacityMilli);
  const jobs = drafts
    .map(({ pod, size, tenant, runs, at }) => ({ pod, size, tenant, runs, arrives: Math.floor(at * horizon) }))
    .sort((left, right) => left.arrives - right.arrives);
  return { jobs, horizon };
}

function gangSize(pod: TracePod, random: () => number): number {
  const [gpu] = pod.gpus;
  const drawn = random();
  if (gpu?.kind !== 'devices') return 1;
  const chance = gpu.count > 1 ? 1 : GANGS_OF_SINGLES;
  return drawn < chance ? (GANG_SIZES[Math.floor((drawn / chance) * GANG_SIZES.length)] ?? 1) : 1;
}

function zipf(random: () => number): number {
  const total = Array.from({ length: TENANTS }, (_, at) => 1 / (at + 1)).reduce((sum, each) => sum + each, 0);
  let left = random() * total;
  for (let tenant = 1; tenant < TENANTS; tenant++) {
    left -= 1 / tenant;
    if (left < 0) return tenant;
  }
  return TENANTS;
}

/** The time in which the jobs must arrive to ask for so much on average: the shorter, the more of them meet. */
function horizonFor(asked: readonly { milli: number; runs: number; at: number }[], wantedMilli: number): number {
  const meanMilli = (horizon: number): number =>
    asked.reduce((sum, { milli, runs, at }) => sum + milli * Math.min(runs, horizon * (1 - at)), 0) / horizon;
  let short = 1;
  let long = 1e9;
  for (let step = 0; step < 60; step++) {
    const middle = Math.sqrt(short * long);
    if (meanMilli(middle) > wantedMilli) short = middle;
    else long = middle;
  }
  return Math.round(long);
}
