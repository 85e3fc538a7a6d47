import { type Clock, type Logger, type MetricSource, TelemetryError } from '../../observability/index.ts';
import type { Runnable } from '../../runtime/index.ts';
import { type Store, StoreError } from '../../store/index.ts';
import { longestGapMillis } from './counter.ts';
import { readThrough, writeSamples } from './repository.ts';
import { energyMetric, samplesOf } from './series.ts';

/** What the collector needs. */
export interface CollectorDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly source: MetricSource;
}

/** Four rows an hour and GPU: 1,000 GPUs write 35 million rows a year. */
const stepMillis = 900_000;
/** Prometheus keeps fifteen days unless told otherwise; a longer silence of ours is not made up for. */
const reachMillis = 15 * 86_400_000;
const pauseMillis = 60_000;

/**
 * Reads the energy of every step that is over, oldest first, and stores it; returns how many steps were read. A step is
 * read once the readings around its end must be there. One that has none leaves no rows: its energy is not known.
 */
export async function collectDue({ store, clock, source }: CollectorDeps, signal: AbortSignal): Promise<number> {
  const now = clock.now();
  const current = Math.floor(now / stepMillis) * stepMillis;
  const from = Math.max((await readThrough(store)) ?? current - stepMillis, current - reachMillis);
  let steps = 0;
  for (let start = from; start + stepMillis + longestGapMillis <= now && !signal.aborted; start += stepMillis) {
    const end = start + stepMillis;
    const seconds = (stepMillis + 2 * longestGapMillis) / 1000;
    const series = await source.at(`${energyMetric}[${seconds}s]`, end + longestGapMillis, signal);
    await writeSamples(store, samplesOf(series, start, end), end);
    steps += 1;
  }
  return steps;
}

/** Collects for as long as the process leads. */
export function energyCollector(deps: CollectorDeps, log: Logger): Runnable {
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        await collectDue(deps, signal);
      } catch (error) {
        if (signal.aborted) return;
        // A successor writes now: this process must not try again.
        if (error instanceof StoreError && error.code === 'StoreFenced') throw error;
        if (error instanceof TelemetryError)
          log.warn({ code: error.code }, `the energy of GPUs cannot be read, trying again: ${error.message}`);
        else log.error({ err: error }, 'could not store the energy of GPUs, trying again');
      }
      await deps.clock.sleep(pauseMillis, signal).catch(() => undefined);
    }
  };
  return { name: 'metering-energy', where: 'leader', run };
}
