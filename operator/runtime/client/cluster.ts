/** Where the API server is and how to prove who we are; the only place that uses the client library. */

/** What a request carries to be accepted. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: {
    readonly ca?: string | Buffer;
    readonly cert?: string | Buffer;
    readonly key?: string | Buffer;
    readonly servername?: string;
    readonly rejectUnauthorized?: boolean;
  };
}

/** A cluster to talk to. */
export interface Cluster {
  /** Base URL without a trailing slash. */
  readonly server: string;
  /** The namespace of the context, or of the pod. */
  readonly namespace: string;
  /** Reads files, runs exec plugins, refreshes tokens; called again and again. */
  readonly credentials: () => Promise<Credentials>;
}

/** There is no usable kubeconfig. */
export class ClusterConfigError extends Error {
  override readonly name = 'ClusterConfigError';
  readonly code = 'ClusterConfigInvalid';
}

/** Where to look: a kubeconfig file, else KUBECONFIG, ~/.kube/config, then the pod's service account. */
export interface ClusterOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** Loads a cluster the way kubectl does. Throws ClusterConfigError. */
export async function loadCluster({ kubeconfig, context }: ClusterOptions = {}): Promise<Cluster> {
  const { KubeConfig } = await import('@kubernetes/client-node');
  const config = new KubeConfig();
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (cause) {
    throw new ClusterConfigError(`kubeconfig ${kubeconfig ?? 'of the environment'} cannot be read; check the path`, {
      cause,
    });
  }
  if (context !== undefined) config.setCurrentContext(context);
  const cluster = config.getCurrentCluster();
  if (cluster === null) {
    const name = config.getCurrentContext();
    throw new ClusterConfigError(
      `context "${name}" names no cluster; choose one of ${config.getContexts().map((c) => c.name)}`,
    );
  }
  const namespace = config.getContextObject(config.getCurrentContext())?.namespace ?? 'default';
  return {
    server: cluster.server.replace(/\/+$/, ''),
    namespace,
    credentials: async () => {
      const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
      await config.applyToHTTPSOptions(options);
      const { ca, cert, key, servername, rejectUnauthorized, auth } = options;
      return {
        headers: headersOf(options.headers, auth),
        tls: { ca: one(ca), cert: one(cert), key: one(key), servername, rejectUnauthorized },
      };
    },
  };
}

function one(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined;
}

function headersOf(headers: unknown, auth: string | null | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) found[name] = String(value);
  }
  if (typeof auth === 'string') found.Authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  return found;
}
