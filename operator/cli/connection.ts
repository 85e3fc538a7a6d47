import { type Client, connect, type Key, type Kind, type KubeObject, loadCluster, NotFound } from '../runtime/index.ts';

/** A connection of one command to the cluster. */
export interface CommandConnection {
  /** Namespace of the kubeconfig's context. */
  readonly namespace: string;
  readonly server: string;
  readonly client: Client;
  /** Every object of the kind, projected as in the cache. */
  readonly list: <T extends KubeObject>(kind: Kind<T>) => Promise<readonly T[]>;
  /** One object, undefined where there is none: for kinds that few may list. */
  readonly get: <T extends KubeObject>(kind: Kind<T>, key: Key) => Promise<T | undefined>;
  readonly close: () => Promise<void>;
}

/** A person waits: long enough for a large list, not for a server that is gone. */
const READ_MILLIS = 8_000;

/** Connects the way kubectl does; close it at the end. */
export async function connectForCommand(options: {
  readonly kubeconfig?: string;
  readonly context?: string;
}): Promise<CommandConnection> {
  const cluster = await loadCluster(options);
  const { client, close } = connect(cluster, { readTimeoutMillis: READ_MILLIS });
  return {
    namespace: cluster.namespace,
    server: cluster.server,
    client,
    list: (kind) => client.list(kind).catch((error: unknown) => explainAbsent(error, kind)),
    get: (kind, key) => client.get(kind, key),
    close,
  };
}

/** The API server answers "404 page not found" for a kind that it does not know, which tells a person nothing. */
function explainAbsent(error: unknown, { group, plural }: Kind<KubeObject>): never {
  if (!(error instanceof NotFound)) throw error;
  const { status, reason, url } = error;
  const name = group === '' ? plural : `${plural}.${group}`;
  const message = `the cluster does not know ${name}; install it with: kubectl apply --server-side -k config/default`;
  throw new NotFound({ status, reason, url, message, cause: error });
}
