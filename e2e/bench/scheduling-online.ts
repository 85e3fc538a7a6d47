import type { NodeFacts, PolicyName } from '../../operator/scheduling/planner/index.ts';
import { type ModeName, simulateSchedule, type TracePod } from '../../operator/scheduling/simulate/index.ts';
import { BINDING_WAYS, bindModels } from '../fleet/bound.ts';
import { median } from './numbers.ts';
import type { Data } from './scheduling-data.ts';
import { fluidPercent } from './scheduling-fluid.ts';

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
  /** Of the worst seed: against FGD's published median, or against FGD with the same seed where it was run here. */
  readonly worstGain: number;
  readonly yardstick?: number;
  readonly toYardstick?: number;
  /** Most that any planner could reach, see `fluidPercent`; the median over seeds. */
  readonly ceiling?: number;
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
      const anchor = fgd ?? data.publishedFgd(list, load) ?? Number.NaN;
      return { ...line(list, load, ours, anchor), ...yardstick(list, load, ours) };
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
        return LOADS.map((load) => {
          const ceilings = seeds.map((seed) =>
            fluidPercent(data.nodes, bound(seed), { seed, load: Number(load), most: MAX_LOAD }),
          );
          return { ...line(name, load, ours ?? [], fgd ?? []), ceiling: median(ceilings) };
        });
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
  const percents = results.map((run) => percentOf(run, load));
  return { median: median(percents), min: Math.min(...percents), max: Math.max(...percents) };
}

/** A line beside FGD: its published median, or its runs with the same seeds. */
function line(list: string, load: string, results: readonly Run[], fgd: number | readonly Run[]): OnlineLine {
  const ours = spread(results, load);
  const published = typeof fgd === 'number';
  const anchor = published ? fgd : spread(fgd, load).median;
  const gains = results.map((run, at) => percentOf(run, load) - (published ? fgd : percentOf(fgd[at], load)));
  return {
    list,
    load,
    ours,
    fgd: anchor,
    fgdSource: published ? 'published' : 'run here',
    gain: ours.median - anchor,
    worstGain: Math.min(...gains),
    p50: median(results.map(({ decisionMicros }) => decisionMicros.p50)),
    p99: median(results.map(({ decisionMicros }) => decisionMicros.p99)),
  };
}

function percentOf(run: Run | undefined, load: string): number {
  return (run?.allocatedRatio[load] ?? Number.NaN) * 100;
}

function yardstick(list: string, load: string, results: readonly Run[]): Pick<OnlineLine, 'yardstick' | 'toYardstick'> {
  const value = load === '1.0' ? YARDSTICK[list] : undefined;
  return value === undefined ? {} : { yardstick: value, toYardstick: spread(results, load).median - value };
}
