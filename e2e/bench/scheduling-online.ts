import type { NodeFacts, PolicyName } from '../../operator/scheduling/planner/index.ts';
import { type ModeName, simulateSchedule, type TracePod } from '../../operator/scheduling/simulate/index.ts';
import { BINDING_WAYS, bindModels } from '../fleet/bound.ts';
import { median } from './numbers.ts';
import type { Data } from './scheduling-data.ts';

/** Loads at which the packing is read. */
export const LOADS = ['1.0', '1.3'] as const;
/** The load up to which pods arrive. */
const MAX_LOAD = 1.3;
/** Parts of the pods that are bound to models in the harder lists. */
const BOUND = [0.2, 0.33, 0.5] as const;

/**
 * The largest load, in percent of the GPU capacity, at which a linear program over node patterns still places every pod
 * of a list (scheduling design, section 7): about what a policy can reach that refuses nothing that fits.
 */
export const YARDSTICK: Readonly<Record<string, number>> = {
  default: 96.25,
  cpu100: 96.25,
  gpushare40: 94.8,
  gpushare60: 92.4,
  multigpu20: 96.7,
};

/** Percent of the GPU capacity that is allocated, over seeds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** One list at one load. */
export interface OnlineLine {
  readonly list: string;
  readonly load: string;
  readonly ours: Spread;
  /** FGD's median: published, or run here where nothing is published. */
  readonly fgd: number;
  readonly fgdSource: 'published' | 'run here';
  readonly gain: number;
  readonly worstGain: number;
  readonly yardstick?: number;
  readonly toYardstick?: number;
  /** Microseconds for one decision, learning included, of the median seed. */
  readonly p50: number;
  readonly p99: number;
}

/** What is run. */
export interface OnlineOptions {
  readonly lists: readonly string[];
  readonly seeds: readonly number[];
  readonly say: (text: string) => void;
}

/** The online class on the lists of the folder. */
export function onlineLines(data: Data, { lists, seeds, say }: OnlineOptions): OnlineLine[] {
  return lists.flatMap((list) => {
    say(`online ${list}\n`);
    const pods = data.pods(list);
    const ours = runs(data.nodes, pods, 'gpuopt', seeds);
    const known = LOADS.every((load) => data.publishedFgd(list, load) !== undefined);
    const fgd = known ? undefined : runs(data.nodes, pods, 'fgd', seeds);
    return LOADS.map((load) => {
      const anchor = fgd === undefined ? (data.publishedFgd(list, load) ?? Number.NaN) : spread(fgd, load).median;
      return { ...line(list, load, ours, anchor, known ? 'published' : 'run here'), ...yardstick(list, load, ours) };
    });
  });
}

/** The online class on harder lists made from one list: every share of bound pods in every way of choosing models. */
export function boundLines(data: Data, { lists, seeds, say }: OnlineOptions): OnlineLine[] {
  return lists.flatMap((list) =>
    BOUND.flatMap((share) =>
      BINDING_WAYS.flatMap((way) => {
        const name = `${list}/${way}${Math.round(share * 100)}`;
        say(`online ${name}\n`);
        const pods = data.pods(list);
        const bound = (seed: number): readonly TracePod[] => bindModels(pods, data.nodes, { share, way, seed });
        const [ours, fgd] = (['gpuopt', 'fgd'] as const).map((policy) =>
          seeds.flatMap((seed) => runs(data.nodes, bound(seed), policy, [seed])),
        );
        return LOADS.map((load) => line(name, load, ours ?? [], spread(fgd ?? [], load).median, 'run here'));
      }),
    ),
  );
}

/** One simulated run. */
export type Run = ReturnType<typeof simulateSchedule>;

/** One run of each seed. */
export function runs(
  nodes: readonly NodeFacts[],
  pods: readonly TracePod[],
  policy: PolicyName,
  seeds: readonly number[],
  mode: ModeName = 'online',
): readonly Run[] {
  const clock = (): number => performance.now() * 1000;
  return seeds.map((seed) => simulateSchedule({ nodes, pods, policy, mode, load: MAX_LOAD, seed, clock }));
}

/** Median and range over runs at one load. */
export function spread(results: readonly Run[], load: string): Spread {
  const percents = results.map(({ allocatedRatio }) => (allocatedRatio[load] ?? Number.NaN) * 100);
  return { median: median(percents), min: Math.min(...percents), max: Math.max(...percents) };
}

function line(
  list: string,
  load: string,
  results: readonly Run[],
  fgd: number,
  fgdSource: OnlineLine['fgdSource'],
): OnlineLine {
  const ours = spread(results, load);
  return {
    list,
    load,
    ours,
    fgd,
    fgdSource,
    gain: ours.median - fgd,
    worstGain: ours.min - fgd,
    p50: median(results.map(({ decisionMicros }) => decisionMicros.p50)),
    p99: median(results.map(({ decisionMicros }) => decisionMicros.p99)),
  };
}

function yardstick(list: string, load: string, results: readonly Run[]): Pick<OnlineLine, 'yardstick' | 'toYardstick'> {
  const value = load === '1.0' ? YARDSTICK[list] : undefined;
  return value === undefined ? {} : { yardstick: value, toYardstick: spread(results, load).median - value };
}
