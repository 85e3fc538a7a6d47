/** One process: settings in, rooms built, run until SIGTERM. */
import type { Settings } from './cli/settings.ts';
import { meteringRoom } from './metering/index.ts';
import {
  type Clock,
  createLogger,
  createRegistry,
  type Logger,
  type Registry,
  systemClock,
} from './observability/index.ts';
import { poolsRoom } from './pools/index.ts';
import { createManager, LeaseLost, loadCluster, type Room } from './runtime/index.ts';
import { schedulingRoom } from './scheduling/index.ts';
import { openStore, type Store } from './store/index.ts';
import { tuningRoom } from './tuning/index.ts';

/** The name of the operator's Lease. */
const LEASE = 'gpuopt';

/** What the rooms are built from. */
export interface RoomParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
}

/** Builds every room; nothing runs yet. */
export function buildRooms({ settings, store, clock, log, registry }: RoomParts): readonly Room[] {
  return [
    poolsRoom({ clock, log, registry }),
    schedulingRoom({ clock, log, registry }),
    meteringRoom({
      store,
      clock,
      log,
      registry,
      windowSeconds: settings.windowSeconds,
      graceSeconds: settings.sealGraceSeconds,
    }),
    tuningRoom({ clock, log, registry, prometheusUrl: settings.prometheusUrl }),
  ];
}

/** Runs the operator until SIGTERM or SIGINT and answers the exit code. Rejects when it cannot start. */
export async function runOperator(settings: Settings): Promise<number> {
  const clock = systemClock;
  const log = createLogger({ level: settings.logLevel });
  const registry = createRegistry({ process: 'include' });
  const stop = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => stop.abort());
  const cluster = await loadCluster({ kubeconfig: settings.kubeconfig });
  const store = await openStore({ url: settings.databaseUrl, dataDir: settings.dataDir, log, clock });
  try {
    await store.migrate();
    const manager = createManager({
      cluster,
      rooms: buildRooms({ settings, store, clock, log, registry }),
      log,
      registry,
      clock,
      http: settings.metricsAddress,
      ...(settings.leaderElection === 'on' && { leaderElection: { namespace: settings.namespace, name: LEASE } }),
    });
    await manager.run(stop.signal);
    return 0;
  } catch (error) {
    if (error instanceof LeaseLost) {
      log.error({ err: error }, 'another process leads now; this one ends');
      return 1;
    }
    throw error;
  } finally {
    await store.close();
  }
}
