import { simulateOffline } from '../../operator/scheduling/simulate/index.ts';
import { median } from './numbers.ts';
import type { Data } from './scheduling-data.ts';
import { type OnlineOptions, type Spread, spread } from './scheduling-online.ts';

/** The load up to which pods arrive; all of them are known to the plan. */
const LOAD = 1;

/** One list planned at once; percent of the GPU capacity. */
export interface OfflineLine {
  readonly list: string;
  readonly percent: Spread;
  /** What the linear program allocates and what it is shown that no plan exceeds: medians over seeds. */
  readonly program: number;
  readonly ceiling: number;
  /** Points from the program to the plan of the worst seed. */
  readonly worstGap: number;
  /** Seconds by the clock for one plan. */
  readonly seconds: number;
}

/** The offline class on the lists, all pods of load 1.0 known, beside the value of its linear program. */
export function offlineLines(data: Data, { lists, seeds, say }: OnlineOptions): OfflineLine[] {
  const clock = (): number => performance.now() * 1000;
  return lists.map((list) => {
    const runs = seeds.map((seed) => {
      say(`offline ${list} ${seed}\n`);
      return simulateOffline(
        { nodes: data.nodes, pods: data.pods(list), policy: 'gpuopt', mode: 'offline', load: LOAD, seed, clock },
        [LOAD],
      );
    });
    const of = (key: 'value' | 'ceiling'): number[] => runs.map(({ program }) => 100 * (program['1.0']?.[key] ?? 0));
    const values = of('value');
    const gaps = runs.map(({ result }, at) => (values[at] ?? 0) - 100 * (result.allocatedRatio['1.0'] ?? 0));
    return {
      list,
      percent: spread(
        runs.map(({ result }) => result),
        '1.0',
      ),
      program: median(values),
      ceiling: median(of('ceiling')),
      worstGap: Math.max(...gaps),
      seconds: median(runs.map(({ result }) => result.planMillis)) / 1000,
    };
  });
}
