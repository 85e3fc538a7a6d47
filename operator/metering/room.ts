import { Gauge } from 'prom-client';

import { type Clock, type Logger, prometheusSource, type Registry } from '../observability/index.ts';
import type { Room } from '../runtime/index.ts';
import { type Store, StoreError } from '../store/index.ts';
import { capacityController } from './capacity/controller.ts';
import { meteringController } from './controller.ts';
import { energyCollector } from './energy/collector.ts';
import { gpuHoursController } from './gpu-hours/controller.ts';
import { type OnSealed, type ReadCuts, sealDue } from './sealing/sealer.ts';
import { hourSeconds } from './sealing/window.ts';

/** What metering gets from the process that runs it. */
export interface MeteringDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  /** Prometheus with DCGM's counters; absent where nobody measures energy. */
  readonly prometheusUrl?: string;
  /** Length of a usage window in seconds; 3600 (UTC hours) unless a demonstration cannot wait that long. */
  readonly windowSeconds?: number;
  /** How long after its end a window waits for late news of ends, in seconds; default 120. */
  readonly graceSeconds?: number;
  /** Freezes what rests on a sealed window in the same transaction; billing's `freezeSealed`. */
  readonly onSealed?: OnSealed;
  /** Where windows are cut besides the grid; billing's `priceChanges`. */
  readonly readCuts?: ReadCuts;
}

const secondsOfDay = 86_400;

/** Metering: who held which GPU from when to when, sealed into windows of whole GPU-seconds. */
export function meteringRoom(deps: MeteringDeps): Room {
  const { store, clock, log, registry } = deps;
  const windowSeconds = deps.windowSeconds ?? hourSeconds;
  if (!Number.isInteger(windowSeconds) || windowSeconds < 1 || secondsOfDay % windowSeconds !== 0) {
    throw new MeteringOptionError(
      `--window-seconds ${windowSeconds} must be a whole number of seconds that divides a day, for example 3600 or 60`,
    );
  }
  const lag = sealLag(registry);
  const options = {
    store,
    clock,
    windowSeconds,
    graceSeconds: deps.graceSeconds ?? 120,
    onSealed: deps.onSealed ?? (async () => undefined),
    readCuts: deps.readCuts,
  };
  const pauseMillis = Math.min(15_000, Math.max(500, (windowSeconds * 1000) / 20));
  const run = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      try {
        const sealed = await sealDue(options, signal);
        if (sealed > 0) log.info({ windows: sealed }, 'sealed usage windows');
        lag.set(await secondsBehind(store, clock));
      } catch (error) {
        // A successor writes now: this process must not try again. Anything else may pass, and a seal is all or nothing.
        if (error instanceof StoreError && error.code === 'StoreFenced') throw error;
        log.error({ err: error }, 'could not seal usage windows, trying again');
      }
      await clock.sleep(pauseMillis, signal).catch(() => undefined);
    }
  };
  const { prometheusUrl } = deps;
  const collectors =
    prometheusUrl === undefined
      ? []
      : [energyCollector({ store, clock, source: prometheusSource({ url: prometheusUrl, clock }) }, log)];
  return {
    name: 'metering',
    controllers: [meteringController(store, windowSeconds), gpuHoursController(store), capacityController(store)],
    runnables: [{ name: 'metering-sealer', where: 'leader', run }, ...collectors],
  };
}

/**
 * A setting of metering that cannot work.
 * @remedy correct the flag that the sentence names
 */
export class MeteringOptionError extends Error {
  override readonly name = 'MeteringOptionError';
  readonly code = 'MeteringOption';
}

function sealLag(registry: Registry): Gauge {
  return new Gauge({
    name: 'gpuopt_metering_seal_lag_seconds',
    help: 'Seconds since the end of the last sealed usage window; 0 before the first',
    registers: [registry],
  });
}

async function secondsBehind(store: Store, clock: Clock): Promise<number> {
  const row = await store.db
    .selectFrom('sealed_grid')
    .select(({ fn }) => fn.max('window_end').as('end'))
    .executeTakeFirst();
  return row?.end ? Math.max(0, (clock.now() - row.end.getTime()) / 1000) : 0;
}
