/** The real operator's controllers over the samples of config/, as the service account that its roles are made for. */
import { join } from 'node:path';
import { Command } from 'commander';
import { type Settings, withRunOptions } from '../../../operator/cli/settings.ts';
import { buildRooms } from '../../../operator/main.ts';
import {
  createLogger,
  createRegistry,
  type Logger,
  type Registry,
  systemClock,
} from '../../../operator/observability/index.ts';
import {
  type Client,
  type Controller,
  connect,
  type Kind,
  type KubeObject,
  loadCluster,
  type Room,
} from '../../../operator/runtime/index.ts';
import { until } from '../../../operator/runtime/testing/index.ts';
import { openStore, type Store } from '../../../operator/store/index.ts';
import { acquireCluster, type Cluster } from '../../cluster/index.ts';

const root = join(import.meta.dirname, '../../..');
/** The operator's namespace; its service account is `gpuopt`. */
export const system = 'gpuopt-system';
const patience = 60_000;

interface Reporting extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  };
}

/** An object of a controller. */
export interface Subject {
  readonly kind: Kind<KubeObject>;
  readonly namespace?: string;
  readonly name: string;
}

/** A cluster with definitions, policies and samples, and a store in memory. */
export class RightsWorld {
  readonly cluster: Cluster;
  readonly client: Client;
  readonly #close: () => Promise<void>;
  readonly #store: Store;
  #touches = 0;

  private constructor(cluster: Cluster, client: Client, close: () => Promise<void>, store: Store) {
    this.cluster = cluster;
    this.client = client;
    this.#close = close;
    this.#store = store;
  }

  static async start(): Promise<RightsWorld> {
    const cluster = await acquireCluster({ realNode: false });
    const { client, close } = connect(await loadCluster({ kubeconfig: cluster.kubeconfig }));
    const log = createLogger({ level: 'silent' });
    const store = await openStore({ dataDir: ':memory:', log, clock: systemClock });
    await store.migrate();
    const world = new RightsWorld(cluster, client, close, store);
    for (const folder of ['crds', 'config/policies']) await world.#kustomize(folder);
    await cluster.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s']);
    await world.#kustomize('config/samples');
    return world;
  }

  /** Everything that was applied goes; the definitions stay, as other scenarios leave them. */
  async end(): Promise<void> {
    await this.cluster.kubectl(['delete', '-k', join(root, 'config/samples'), '--ignore-not-found', '--wait=false']);
    await this.#free(['tenant/acme', 'tenant/globex', 'tenant/rights', 'pod/fits', 'pod/fits-too', 'pod/waits']);
    await this.#store.close();
    await this.#close();
    await this.cluster.release();
  }

  /** Takes the finalizers off what was made here: no operator runs that would. */
  async #free(objects: readonly string[]): Promise<void> {
    const nothing = ['--type=merge', '-p', '{"metadata":{"finalizers":null}}'];
    for (const object of objects) await this.cluster.tryKubectl(['patch', object, '-n', 'acme-train', ...nothing]);
  }

  #kustomize(folder: string): Promise<string> {
    return this.cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, folder)]);
  }

  /** The rooms of the operator, made anew. */
  rooms(log: Logger, registry: Registry): readonly Room[] {
    const settings = withRunOptions(new Command()).parse([], { from: 'user' }).opts<Settings>();
    return buildRooms({ settings, store: this.#store, clock: systemClock, log, registry, client: this.client });
  }

  /** What the operator declares. */
  controllers(): readonly Controller[] {
    return this.rooms(createLogger({ level: 'silent' }), createRegistry()).flatMap(({ controllers }) => controllers);
  }

  apply(...items: readonly object[]): Promise<string> {
    const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
    return this.cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input });
  }

  /** Takes an object's status away and wakes its controller. */
  async touch({ kind, namespace, name }: Subject): Promise<void> {
    this.#touches += 1;
    const key = namespace === undefined ? { name } : { namespace, name };
    await this.client.patch(kind, key, { type: 'merge', subresource: 'status', body: { status: null } }, 'scenario');
    const body = { metadata: { annotations: { 'example.com/touched': String(this.#touches) } } };
    await this.client.patch(kind, key, { type: 'merge', body }, 'scenario');
  }

  /** The words of the Ready condition; empty when there is none. */
  async words({ kind, namespace, name }: Subject): Promise<string> {
    const object = await this.client.get<Reporting>(kind as Kind<Reporting>, { namespace, name });
    const ready = object?.status?.conditions?.find(({ type }) => type === 'Ready');
    return ready === undefined ? '' : `${ready.reason}: ${ready.message}`;
  }

  /** Waits until the object is reported on without a complaint about rights or caches. */
  async isReported(subject: Subject): Promise<void> {
    await until(
      `${subject.kind.kind} ${subject.name} is reported`,
      async () => {
        const words = await this.words(subject);
        return words !== '' && !/Forbidden|CacheNotReady/.test(words);
      },
      patience,
    );
  }

  /** Touches and waits. */
  async settles(subject: Subject): Promise<void> {
    await this.touch(subject);
    await this.isReported(subject);
  }
}
