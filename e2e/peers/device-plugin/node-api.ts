import { setTimeout as delay } from 'node:timers/promises';
import { type BenchApi, openApi } from '../../bench/api.ts';

/** What the peers read of a node. */
export interface GpuNode {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status?: {
    readonly allocatable?: Readonly<Record<string, string>>;
    readonly capacity?: Readonly<Record<string, string>>;
  };
}

/** What the peers read of a pod. */
export interface OperandPod {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: { readonly phase?: string };
}

type Change = Readonly<Record<string, unknown>>;

/** The API server as the components of a GPU node use it. */
export interface NodeApi {
  nodes(selector: string): Promise<readonly GpuNode[]>;
  pods(namespace: string): Promise<readonly OperandPod[]>;
  /** Sets labels and annotations; null takes one away. A node that is gone is no error. */
  mark(node: string, labels: Change, annotations?: Change): Promise<void>;
  /** Sets resources as a kubelet does; null takes one away. */
  resources(node: string, resources: Readonly<Record<'allocatable' | 'capacity', Change>>): Promise<void>;
  /** Sets the condition Ready. */
  ready(node: string, status: 'True' | 'False'): Promise<void>;
  /** Keeps a pod from going, or lets it go. */
  hold(namespace: string, pod: string, held: boolean): Promise<void>;
  /** The data of a ConfigMap; empty where there is none. */
  configMap(namespace: string, name: string): Promise<Readonly<Record<string, string>>>;
  /** The spec of the ClusterPolicy; undefined where there is none. */
  clusterPolicy(): Promise<PolicySpec | undefined>;
  apply(path: string, object: object): Promise<void>;
  close(): Promise<void>;
}

/** The part of ClusterPolicy that names configurations. */
export interface PolicySpec {
  readonly migManager?: { readonly config?: { readonly name?: string } };
  readonly devicePlugin?: { readonly config?: { readonly name?: string } };
}

const MERGE = 'application/merge-patch+json';

/** Opens it with a kubeconfig whose certificates are embedded. */
export function openNodeApi(kubeconfig: string): NodeApi {
  const api: BenchApi = openApi(kubeconfig);
  const read = async <T>(path: string): Promise<T | undefined> => {
    const { status, text } = await api.send('GET', path, { also: [404] });
    return status === 404 ? undefined : JSON.parse(text);
  };
  const list = async <T>(path: string): Promise<readonly T[]> =>
    (await read<{ readonly items: readonly T[] }>(path))?.items ?? [];
  const patch = async (path: string, body: object, contentType = MERGE): Promise<void> => {
    await api.send('PATCH', path, { body, contentType, also: [404] });
  };
  return {
    nodes: (selector) => list(`/api/v1/nodes?labelSelector=${encodeURIComponent(selector)}`),
    pods: (namespace) => list(`/api/v1/namespaces/${namespace}/pods`),
    mark: (node, labels, annotations = {}) => patch(`/api/v1/nodes/${node}`, { metadata: { labels, annotations } }),
    resources: (node, resources) => patch(`/api/v1/nodes/${node}/status`, { status: resources }),
    ready: (node, status) => {
      const conditions = [{ type: 'Ready', status, reason: status === 'True' ? 'KubeletReady' : 'Rebooting' }];
      return patch(
        `/api/v1/nodes/${node}/status`,
        { status: { conditions } },
        'application/strategic-merge-patch+json',
      );
    },
    hold: (namespace, pod, held) =>
      patch(`/api/v1/namespaces/${namespace}/pods/${pod}`, {
        metadata: { finalizers: held ? ['e2e.gpuoptimizer.io/held'] : null },
      }),
    configMap: async (namespace, name) =>
      (await read<{ readonly data?: Record<string, string> }>(`/api/v1/namespaces/${namespace}/configmaps/${name}`))
        ?.data ?? {},
    clusterPolicy: async () =>
      (await read<{ readonly spec?: PolicySpec }>('/apis/nvidia.com/v1/clusterpolicies/cluster-policy'))?.spec,
    apply: async (path, object) => {
      const query = 'fieldManager=nvidia-peer&force=true';
      await api.send('PATCH', `${path}?${query}`, { body: object, contentType: 'application/apply-patch+yaml' });
    },
    close: () => api.close(),
  };
}

/** Work that is repeated until it is stopped. */
export interface Loop {
  stop(): Promise<void>;
}

/** Repeats `pass` with a pause; what fails is told and tried again, as a controller does. */
export function repeat(pauseMillis: number, pass: () => Promise<void>, complain: (message: string) => void): Loop {
  const stopping = new AbortController();
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await pass().catch((error: unknown) => {
        if (!stopping.signal.aborted) complain(error instanceof Error ? error.message : String(error));
      });
      await delay(pauseMillis, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  };
  const running = run();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}
