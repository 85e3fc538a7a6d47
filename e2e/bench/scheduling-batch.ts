import type { PolicyName } from '../../operator/scheduling/planner/index.ts';
import type { ModeName } from '../../operator/scheduling/simulate/index.ts';
import { median } from './numbers.ts';
import type { Data } from './scheduling-data.ts';
import { LOADS, type OnlineOptions, runs, type Spread, spread, YARDSTICK } from './scheduling-online.ts';

/** One list under one policy in a class that sees or moves more than one pod. */
export interface BatchLine {
  readonly list: string;
  readonly policy: PolicyName;
  readonly load: string;
  readonly percent: Spread;
  readonly yardstick?: number;
  /** Moves of the median seed, and moves per 100 placed pods of the worst. */
  readonly moves: number;
  readonly mostPer100: number;
  readonly unscheduled: number;
}

/** A class on the lists, our policy and FGD with the same window or the same moves. */
export function batchLines(data: Data, mode: Exclude<ModeName, 'online'>, options: OnlineOptions): BatchLine[] {
  return options.lists.flatMap((list) =>
    (['gpuopt', 'fgd'] as const).flatMap((policy) => {
      options.say(`${mode} ${list} ${policy}\n`);
      const results = runs(data.nodes, data.pods(list), policy, options.seeds, mode);
      const per100 = results.map((run) => (100 * run.migrations) / (run.pods - run.unscheduled));
      return LOADS.map((load) => ({
        list,
        policy,
        load,
        percent: spread(results, load),
        yardstick: load === '1.0' ? YARDSTICK[list] : undefined,
        moves: median(results.map(({ migrations }) => migrations)),
        mostPer100: Math.max(...per100),
        unscheduled: median(results.map(({ unscheduled }) => unscheduled)),
      }));
    }),
  );
}
