import * as kube from '../../../operator/kube/index.ts';
import type { Kind, KubeObject } from '../../../operator/runtime/index.ts';

/** Something that assemblies are made of; its colour matters to nobody. */
export interface Part extends KubeObject {
  readonly spec: { readonly weight: number; readonly colour?: string };
}

/** What the controller found. */
export interface AssemblyStatus {
  readonly observedGeneration?: number;
  readonly weight?: number;
  readonly conditions?: readonly {
    readonly type: string;
    readonly status: 'True' | 'False' | 'Unknown';
    readonly reason: string;
    readonly message: string;
    readonly lastTransitionTime: string;
    readonly observedGeneration?: number;
  }[];
}

/** A quantity of three parts of its namespace. */
export interface Assembly extends KubeObject {
  readonly spec: { readonly quantity: number; readonly parts: readonly string[] };
  readonly status?: AssemblyStatus;
}

/** A ConfigMap. */
export interface ConfigMap extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}

/** As much of a pod as is cached. */
export interface Pod extends KubeObject {
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly resources?: { readonly requests?: Readonly<Record<string, string>> } }[];
  };
  readonly status?: { readonly phase?: string };
}

const ours = { group: 'bench.gpuoptimizer.io', version: 'v1', scope: 'Namespaced' } as const;
const core = { group: '', version: 'v1', scope: 'Namespaced' } as const;
const GPU = 'nvidia.com/gpu';

/** The kind Part. */
export const Part: Kind<Part> = { ...ours, kind: 'Part', plural: 'parts' };
/** The kind Assembly. */
export const Assembly: Kind<Assembly> = { ...ours, kind: 'Assembly', plural: 'assemblies' };
/** The kind ConfigMap. */
export const ConfigMap: Kind<ConfigMap> = {
  ...core,
  kind: 'ConfigMap',
  plural: 'configmaps',
  protobuf: kube.ConfigMap.protobuf,
};

/** The kind Pod, cut to its identity, labels, node, phase and GPU requests before it enters the cache. */
export const Pod: Kind<Pod> = {
  ...core,
  kind: 'Pod',
  plural: 'pods',
  project: ({ metadata, spec, status }) => ({
    metadata: {
      name: metadata.name,
      namespace: metadata.namespace,
      uid: metadata.uid,
      resourceVersion: metadata.resourceVersion,
      labels: metadata.labels,
    },
    spec: {
      nodeName: spec.nodeName,
      containers: spec.containers.map(({ resources }) => ({ resources: { requests: gpusOf(resources?.requests) } })),
    },
    status: { phase: status?.phase },
  }),
  protobuf: {
    1: {
      name: 'metadata',
      type: {
        1: { name: 'name', type: 'string' },
        3: { name: 'namespace', type: 'string' },
        5: { name: 'uid', type: 'string' },
        6: { name: 'resourceVersion', type: 'string' },
        11: { name: 'labels', type: 'string', of: 'map' },
      },
    },
    2: {
      name: 'spec',
      type: {
        2: {
          name: 'containers',
          of: 'list',
          type: { 8: { name: 'resources', type: { 2: { name: 'requests', type: 'quantity', of: 'map' } } } },
        },
        10: { name: 'nodeName', type: 'string' },
      },
    },
    3: { name: 'status', type: { 1: { name: 'phase', type: 'string' } } },
  },
};

function gpusOf(requests: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> | undefined {
  const count = requests[GPU];
  return count === undefined ? undefined : { [GPU]: count };
}
