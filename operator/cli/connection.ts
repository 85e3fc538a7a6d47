import { type Client, connect, type Kind, type KubeObject, loadCluster } from '../runtime/index.ts';

/** A connection of one command to the cluster. */
export interface CommandConnection {
  /** Namespace of the kubeconfig's context. */
  readonly namespace: string;
  readonly server: string;
  readonly client: Client;
  /** Every object of the kind, projected as in the cache. */
  readonly list: <T extends KubeObject>(kind: Kind<T>) => Promise<readonly T[]>;
  readonly close: () => Promise<void>;
}

/** Connects the way kubectl does; close it at the end. */
export async function connectForCommand(options: {
  readonly kubeconfig?: string;
  readonly context?: string;
}): Promise<CommandConnection> {
  const cluster = await loadCluster(options);
  const { client, close } = connect(cluster);
  return {
    namespace: cluster.namespace,
    server: cluster.server,
    client,
    list: (kind) => client.list(kind),
    close,
  };
}
