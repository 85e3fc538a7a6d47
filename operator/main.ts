/** One process: settings in, rooms built, run until SIGTERM. */
import {
  billingRoom,
  clusterMark,
  clusterPages,
  clusterReceivers,
  freezeSealed,
  ledgerApi,
  priceChanges,
  webhookApi,
  webhookReceipts,
} from './billing/index.ts';
import { type AddressName, explainAddress, explainStart } from './cli/address-error.ts';
import { endAtOnce, endOnSurprise, stopSignal } from './cli/process-end.ts';
import type { Address, Settings } from './cli/settings.ts';
import { releaseText } from './cli/version.ts';
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
import { namespaceWebhooks, poolsRoom } from './pools/index.ts';
import { clusterAuthoriser, planEntitlement, portalApi } from './portal/index.ts';
import {
  type Check,
  type Client,
  connect,
  createManager,
  LeaseLost,
  loadCluster,
  type ManagerOptions,
  type Room,
} from './runtime/index.ts';
import { createGateProbe, podWebhooks, schedulingRoom } from './scheduling/index.ts';
import { openStore, type Store } from './store/index.ts';
import { tuningRoom } from './tuning/index.ts';

/** The name of the operator's Lease. */
const LEASE = 'gpuopt';
/** Below timeoutSeconds of the readiness probe, so that the answer names what is missing. */
const STORE_CHECK_MILLIS = 3_000;

/** What the rooms are built from. */
export interface RoomParts {
  readonly settings: Settings;
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
  readonly registry: Registry;
  readonly client: Client;
}

/** Builds every room; nothing runs yet. */
export function buildRooms({ settings, store, clock, log, registry, client }: RoomParts): readonly Room[] {
  return [
    poolsRoom({ clock, log, registry }),
    schedulingRoom({ clock, log, registry, operatorNamespace: settings.namespace }),
    meteringRoom({
      store,
      clock,
      log,
      registry,
      prometheusUrl: settings.prometheusUrl,
      windowSeconds: settings.windowSeconds,
      graceSeconds: settings.sealGraceSeconds,
      onSealed: freezeSealed,
      readCuts: priceChanges,
    }),
    billingRoom({
      store,
      clock,
      log,
      registry,
      operatorNamespace: settings.namespace,
      mark: clusterMark(client, settings.namespace),
    }),
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

/** What becomes of the operator's own servers: which of them listen, and that one of them cannot. */
interface ServerFate {
  readonly open: Set<AddressName>;
  readonly failure: AbortController;
}

/** The operator's own servers by the setting of their address: their name, and what they say when they listen. */
const ownServers = {
  apiAddress: { name: 'usage-api', says: 'serving usage' },
  jobsAddress: { name: 'jobs-api', says: 'serving campaign runs and webhooks' },
  portalAddress: { name: 'portal', says: 'serving tenants' },
} as const;
const addressNames = ['apiAddress', 'jobsAddress', 'portalAddress'] as const;

/**
 * The operator's own servers: usage for the command line, and the API of campaign runs. They work on the store alone, so a
 * standby answers as well as the leader: a Service may send a request to either.
 */
function serverRoom({ settings, store, clock, log, registry, client }: RoomParts, fate: ServerFate): Room {
  const receiverFor = clusterReceivers({ client, operatorNamespace: settings.namespace, clock });
  const webhooks = webhookApi(store, clock, receiverFor, webhookReceipts(registry));
  const jobs = jobApi({ store, clock, log, registry, review: tokenReviewer(client) });
  const pages = clusterPages(client, settings.namespace);
  const authoriser = clusterAuthoriser(client, clock);
  const entitlement = planEntitlement(client, clock);
  const portal = portalApi({ store, clock, log, pages, authoriser, entitlement, version: releaseText() });
  // What strangers reach, the unsubscribing and the signed webhooks, is apart from the usage API, which asks nobody who he is.
  const handlers = { apiAddress: [ledgerApi(store, clock)], jobsAddress: [...jobs, webhooks], portalAddress: [portal] };
  const runnables = served(settings).map(([address, at]) => {
    const { name, says } = ownServers[address];
    const onListening = (port: number): void => {
      fate.open.add(address);
      log.info({ host: at.host, port }, says);
    };
    const runnable = httpServer({ name, ...at, handlers: handlers[address], log, onListening });
    const run = (signal: AbortSignal): Promise<void> =>
      runnable.run(signal).catch((error: unknown) => {
        // A standby would otherwise wait for the lease with a server missing.
        fate.failure.abort(explainAddress(error, address, settings));
        throw fate.failure.signal.reason;
      });
    return { name, where: 'everywhere' as const, run };
  });
  return { name: 'servers', controllers: [], runnables };
}

/** The servers that have an address: the portal has one only where it is given. */
function served(settings: Settings): readonly (readonly [keyof typeof ownServers, Address])[] {
  return addressNames.flatMap((name) => {
    const address = settings[name];
    return address === undefined ? [] : [[name, address] as const];
  });
}

/** Ready means: this process can do its part, be it as leader or as standby. */
function readinessChecks(settings: Settings, store: Store, { open }: ServerFate): readonly Check[] {
  const servers = served(settings).map(([address]) => ({
    name: ownServers[address].name,
    check: () => (open.has(address) ? undefined : 'not listening yet'),
  }));
  // The embedded database is part of this process: there is no way to it that could be cut.
  return store.kind === 'pglite' ? servers : [...servers, { name: 'store', check: () => storeProblem(store) }];
}

/** What keeps the database from answering; undefined when it answers. */
async function storeProblem({ db }: Store): Promise<string | undefined> {
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve('no answer within 3 s'), STORE_CHECK_MILLIS);
  const asked = db.selectFrom('leader_epoch').select('epoch').execute();
  try {
    return await Promise.race([asked.then(() => undefined, messageOf), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Runs the operator until SIGTERM or SIGINT and answers the exit code. Rejects when it cannot start. */
export async function runOperator(settings: Settings): Promise<number> {
  const clock = systemClock;
  const log = createLogger({ level: settings.logLevel });
  const registry = createRegistry({ process: 'include' });
  endOnSurprise(log);
  const stop = stopSignal(log);
  const cluster = await loadCluster({ kubeconfig: settings.kubeconfig });
  const store = await openStore({ ...storePlace(settings), log, clock });
  const connection = connect(cluster);
  try {
    await store.migrate();
    // A portal without the roles that keep tenants apart is not served at all.
    if (settings.portalAddress !== undefined) await store.readAs('', () => Promise.resolve());
    const parts = { settings, store, clock, log, registry, client: connection.client };
    const fate: ServerFate = { open: new Set(), failure: new AbortController() };
    const probe = createGateProbe({
      resources: (group, version, signal) => connection.client.resources(group, version, signal),
      webhooks: settings.webhookAddress === undefined ? 'off' : 'on',
      clock,
      log,
    });
    const admission: Room = { name: 'admission', controllers: [], runnables: [probe.runnable] };
    const rooms = [...buildRooms(parts), serverRoom(parts, fate), admission];
    const election = { namespace: settings.namespace, name: LEASE };
    const manager = createManager({
      cluster,
      rooms,
      log,
      registry,
      clock,
      http: settings.metricsAddress,
      ...webhooksOf(settings),
      checks: [...readinessChecks(settings, store, fate), probe.check],
      ...(settings.leaderElection === 'on' && { leaderElection: election }),
    });
    await manager.run(AbortSignal.any([stop, fate.failure.signal]));
    fate.failure.signal.throwIfAborted();
    return 0;
  } catch (error) {
    if (error instanceof LeaseLost) endAtOnce(log, error, 'another process leads now; this one ends');
    throw explainStart(error, settings);
  } finally {
    await connection.close();
    await store.close();
  }
}

/** Webhooks are served where an address is given; policies need none. */
function webhooksOf({ webhookAddress, webhookCertificates }: Settings): Pick<ManagerOptions, 'webhooks'> {
  if (webhookAddress === undefined) return {};
  const hooks = [...podWebhooks, ...namespaceWebhooks];
  return { webhooks: { ...webhookAddress, certificates: webhookCertificates, hooks } };
}

/** The database where its URL is given, else the folder: an installation names a folder for when there is no URL. */
function storePlace({ databaseUrl, dataDir }: Settings): { readonly url?: string; readonly dataDir?: string } {
  return databaseUrl === undefined ? { dataDir } : { url: databaseUrl };
}
