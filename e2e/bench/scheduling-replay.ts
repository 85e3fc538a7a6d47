import { countShapes, type PolicyName, seededRandom, shuffled } from '../../operator/scheduling/planner/index.ts';
import { bindModels } from '../fleet/bound.ts';
import { type Jobs, makeJobs } from '../fleet/jobs.ts';
import { median, percentile } from './numbers.ts';
import type { Data } from './scheduling-data.ts';
import { type Outcome, playJobs } from './scheduling-departures.ts';
import type { OnlineOptions, Spread } from './scheduling-online.ts';

/** GPUs asked for on average, by the capacity: a little less and a little more than there are. */
const LOADS = [0.9, 1.1] as const;
/** Part of the nodes that is used: long replays of a small fleet say more than short ones of a large one. */
const FLEET = 1 / 12;
const JOBS = 3000;
/** Pods that name models, as in the harder lists: none, or this part of the GPU pods chosen so. */
const BINDINGS = [
  { name: '', share: 0, way: 'capacity' },
  { name: '/uniform33', share: 0.33, way: 'uniform' },
  { name: '/sets33', share: 0.33, way: 'sets' },
] as const;
/** Sizes of gangs whose waits are told apart. */
const SIZES = [1, 2, 4, 8] as const;
/** A job starves when it waits for more than this part of the replay. */
const STARVED = 0.25;

/** One list under one policy at one load; medians over seeds. */
export interface ReplayLine {
  readonly list: string;
  readonly load: number;
  readonly policy: PolicyName;
  /** GPU-hours used of those there were, in percent. */
  readonly used: Spread;
  /** Seconds by size of the gang, of those that had to wait or not. */
  readonly waits: readonly { readonly size: number; readonly p50: number; readonly p99: number }[];
  /** Jobs that waited for more than a quarter of the replay, in percent, and the longest wait in hours. */
  readonly starved: number;
  readonly longest: number;
  /** Jain's index over tenants of what they got by what they asked for. */
  readonly fairness: number;
  /** Pods taken from a node before they ended: none, for nothing is preempted or moved here. */
  readonly evictions: number;
}

/** Jobs that come and go, under three policies with the same queue. */
export function replayLines(data: Data, { lists, seeds, say }: OnlineOptions): ReplayLine[] {
  return lists.flatMap((list) =>
    BINDINGS.flatMap(({ name, share, way }) =>
      LOADS.flatMap((load) => {
        const worlds = seeds.map((seed) => {
          const nodes = shuffled(data.nodes, seededRandom(seed)).slice(0, Math.round(FLEET * data.nodes.length));
          const pods = share === 0 ? data.pods(list) : bindModels(data.pods(list), nodes, { share, way, seed });
          const capacityMilli = 1000 * nodes.reduce((sum, { gpus }) => sum + gpus.count, 0);
          return { seed, nodes, pods, jobs: makeJobs(pods, { load, capacityMilli, count: JOBS, seed }) };
        });
        return (['gpuopt', 'fgd', 'best-fit'] as const).map((policy) => {
          say(`replay ${list}${name} ${load} ${policy}\n`);
          const outcomes = worlds.map(({ seed, nodes, pods, jobs }) => ({
            jobs,
            // FGD is told the frequencies of the whole list, as everywhere; gpuopt learns.
            outcome: playJobs(nodes, jobs, { name: policy, seed, typical: policy === 'fgd' ? countShapes(pods) : [] }),
          }));
          return line(`${list}${name}`, load, policy, outcomes);
        });
      }),
    ),
  );
}

function line(
  list: string,
  load: number,
  policy: PolicyName,
  outcomes: readonly { readonly jobs: Jobs; readonly outcome: Outcome }[],
): ReplayLine {
  const over = (value: (one: (typeof outcomes)[number]) => number): number => median(outcomes.map(value));
  const used = outcomes.map(({ outcome }) => 100 * outcome.used);
  const waitsOf = ({ jobs, outcome }: (typeof outcomes)[number], size: number): number[] =>
    outcome.waits.filter((_, at) => jobs.jobs[at]?.size === size);
  return {
    list,
    load,
    policy,
    used: { median: median(used), min: Math.min(...used), max: Math.max(...used) },
    waits: SIZES.map((size) => ({
      size,
      p50: over((one) => percentile(waitsOf(one, size), 0.5)),
      p99: over((one) => percentile(waitsOf(one, size), 0.99)),
    })),
    starved: over(({ jobs, outcome: { waits } }) => {
      return (100 * waits.filter((wait) => wait > STARVED * jobs.horizon).length) / waits.length;
    }),
    longest: over(({ outcome }) => Math.max(...outcome.waits) / 3600),
    fairness: over(({ outcome }) => outcome.fairness),
    evictions: 0,
  };
}
