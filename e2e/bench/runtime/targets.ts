import { median } from '../numbers.ts';
import type { RuntimeReport, SideRound } from './measure.ts';

/** A limit that our runtime keeps whatever others do, with where the number comes from. */
export interface Target {
  readonly name: string;
  readonly limit: number;
  /** Whether the measured number may not be below, or not above the limit. */
  readonly bound: 'least' | 'most';
  readonly digits: number;
  readonly measured: (round: SideRound) => number;
  readonly derivation: string;
}

/** A target with what was measured: the median of the rounds. */
export interface TargetResult extends Pick<Target, 'name' | 'limit' | 'bound' | 'digits' | 'derivation'> {
  readonly measured: number;
  readonly met: boolean;
}

/** Stated for two idle cores, 10,000 objects and 100,000 pods. */
export const targets: readonly Target[] = [
  {
    name: 'passes a second that change nothing',
    limit: 2000,
    bound: 'least',
    digits: 0,
    measured: ({ noOps }) => noOps.perSecond,
    derivation: 'a bare queue hands out 127,000 keys/s; 0.5 ms a pass is left for observe, decide and hash',
  },
  {
    name: '1,000 watch events/s, % of a core',
    limit: 5,
    bound: 'most',
    digits: 1,
    // µs of one event × 1,000 events/s, as a part of 10⁶ µs.
    measured: ({ podEvents }) => podEvents.cpuMicrosPerEvent / 10,
    derivation: '32 to 46 µs of CPU for the event of a pod, parse included',
  },
  {
    name: 'event loop delay p99 of the first list, ms',
    limit: 50,
    bound: 'most',
    digits: 0,
    measured: ({ restart }) => restart.loopDelayP99Millis ?? Number.NaN,
    derivation: 'object by object 5 to 8 ms on idle cores, 45 ms on overloaded ones; Node adds its sampling of 10 ms',
  },
  {
    name: 'RSS with everything cached, MiB',
    limit: 250,
    bound: 'most',
    digits: 0,
    measured: ({ restart }) => restart.rssMiB,
    derivation: 'a projected pod takes 0.76 KiB of 8.4; 100,000 of them and 10,000 nodes loaded with a peak of 193 MB',
  },
];

/** Holds a report to the targets. */
export function judge({ results }: Pick<RuntimeReport, 'results'>): readonly TargetResult[] {
  return targets.map(({ measured: of, ...target }) => {
    const measured = median(results.map(({ ours }) => of(ours)));
    const met = target.bound === 'least' ? measured >= target.limit : measured <= target.limit;
    return { ...target, measured, met };
  });
}
