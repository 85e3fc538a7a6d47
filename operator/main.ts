/** One process: settings in, rooms built, run until SIGTERM. */
import { billingRoom, freezeSealed, usageApi } from './billing/index.ts';
import type { Settings } from './cli/settings.ts';
import { growthRoom, httpServer, jobApi, tokenReviewer } from './growth/index.ts';
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
import {
  type Client,
  connect,
  createManager,
  LeaseLost,
  loadCluster,
  type Permission,
  type Room,
} from './runtime/index.ts';
import { schedulingRoom } from './scheduling/index.ts';
import { openStore, type Store } from './store/index.ts';
import { tuningRoom } from './tuning/index.ts';

/** The name of the operator's Lease. */
const LEASE = 'gpuopt';

/** What the operator's own servers need beyond the controllers. */
export const serverPermissions: readonly Permission[] = [
  {
    group: 'authentication.k8s.io',
    resource: 'tokenreviews',
    verbs: ['create'],
    in: 'cluster',
    why: 'campaign runs prove who they are with a token of their own audience',
  },
];

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
      onSealed: freezeSealed,
    }),
    billingRoom({ store, clock, log, registry, operatorNamespace: settings.namespace }),
    tuningRoom({ clock, log, registry, prometheusUrl: settings.prometheusUrl }),
    growthRoom({
      store,
      clock,
      log,
      registry,
      jobImage: settings.jobImage,
      jobImagePullPolicy: settings.jobImagePullPolicy,
      jobApiUrl: settings.jobsUrl,
      jobNodeSelector: settings.jobNodeSelector,
    }),
  ];
}

/** The operator's own servers: usage for the command line, and the API of campaign runs. They need the store, so the leader has them. */
function serverRoom({ settings, store, clock, log, registry }: RoomParts, client: Client): Room {
  const jobs = jobApi({ store, clock, log, registry, review: tokenReviewer(client) });
  return {
    name: 'servers',
    controllers: [],
    runnables: [
      httpServer({
        name: 'usage-api',
        ...settings.apiAddress,
        handlers: [usageApi(store, clock)],
        log,
        onListening: (port) => log.info({ port }, 'serving usage'),
      }),
      httpServer({
        name: 'jobs-api',
        ...settings.jobsAddress,
        handlers: jobs,
        log,
        onListening: (port) => log.info({ port }, 'serving campaign runs'),
      }),
    ],
  };
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
  const connection = connect(cluster);
  try {
    await store.migrate();
    const parts = { settings, store, clock, log, registry };
    const manager = createManager({
      cluster,
      rooms: [...buildRooms(parts), serverRoom(parts, connection.client)],
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
    await connection.close();
    await store.close();
  }
}
