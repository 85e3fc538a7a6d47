/** Where the API server is and how to prove who we are; the only place that uses the client library. */
import type { KubeConfig } from '@kubernetes/client-node';
import { kubeconfigPaths, tokenFromFile } from './token-file.ts';

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
  /** Reads files, runs exec plugins, refreshes tokens; called again and again. `refused`: the server did not take the last. */
  readonly credentials: (options?: { readonly refused?: boolean }) => Promise<Credentials>;
}

/**
 * There is no usable kubeconfig.
 * @remedy name a kubeconfig with --kubeconfig or KUBECONFIG, or run in a pod with a ServiceAccount
 */
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
export async function loadCluster(options: ClusterOptions = {}): Promise<Cluster> {
  // This file alone: the package's index loads a thousand files, and in the bundle 13 MB that nobody uses.
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const read = (): KubeConfig => readConfig(new KubeConfig(), options);
  const paths = kubeconfigPaths(options.kubeconfig);
  let config = read();
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
    credentials: async ({ refused = false } = {}) => {
      config = refreshed(config, read, refused);
      return credentialsOf(config, paths);
    },
  };
}

function readConfig(config: KubeConfig, { kubeconfig, context }: ClusterOptions): KubeConfig {
  try {
    if (kubeconfig !== undefined) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (cause) {
    throw new ClusterConfigError(`kubeconfig ${kubeconfig ?? 'of the environment'} cannot be read; check the path`, {
      cause,
    });
  }
  if (context !== undefined) config.setCurrentContext(context);
  return config;
}

/**
 * The configuration in force. One that reads the same is kept, because it remembers what its exec plugin answered until
 * that expires; after a refusal nothing remembered is worth keeping.
 */
function refreshed(config: KubeConfig, read: () => KubeConfig, refused: boolean): KubeConfig {
  try {
    const fresh = read();
    return refused || fresh.exportConfig() !== config.exportConfig() ? fresh : config;
  } catch {
    // Half-written or removed for a moment: what is known may still be accepted.
    return config;
  }
}

async function credentialsOf(config: KubeConfig, paths: readonly string[]): Promise<Credentials> {
  const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
  await config.applyToHTTPSOptions(options);
  const { ca, cert, key, servername, rejectUnauthorized, auth } = options;
  const token = await tokenFromFile(paths, config.getCurrentUser()?.name ?? '');
  const headers = headersOf(options.headers, auth);
  return {
    // As for kubectl, a token file goes before a token.
    headers: token === undefined ? headers : { ...headers, Authorization: `Bearer ${token}` },
    tls: { ca: one(ca), cert: one(cert), key: one(key), servername, rejectUnauthorized },
  };
}

function one(value: unknown): string | Buffer | undefined {
  return typeof value === 'string' || Buffer.isBuffer(value) ? value : undefined;
}

function headersOf(headers: unknown, auth: string | null | undefined): Record<string, string> {
  const found: Record<string, string> = {};
  if (typeof headers === 'object' && headers !== null && !Array.isArray(headers)) {
    for (const [name, value] of Object.entries(headers)) found[name] = String(value).trim();
  }
  if (typeof auth === 'string') found.Authorization = `Basic ${Buffer.from(auth).toString('base64')}`;
  return found;
}
