import type { GPUPool, Tenant } from '../../../operator/api/index.ts';
import type { Job, Namespace, Pod } from '../../../operator/kube/index.ts';
import { type FleetNode, fakeNode } from '../../fleet/nodes.ts';

const apiVersion = 'gpuoptimizer.io/v1alpha1';

/** A node of a scenario, played by KWOK; `scenario` keeps the nodes of two scenarios apart. */
export function gpuNode(
  scenario: string,
  name: string,
  resources: Readonly<Record<string, string>> = { 'nvidia.com/gpu': '8' },
  labels: Readonly<Record<string, string>> = {},
): FleetNode {
  return fakeNode(
    name,
    {
      'gpuoptimizer.io/scenario': scenario,
      'nvidia.com/gpu.present': 'true',
      'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3',
      'nvidia.com/gpu.count': '8',
      ...labels,
    },
    { cpu: '128', memory: '1024Gi', pods: '110', ...resources },
  );
}

/** A pool of the nodes with these labels. */
export function gpuPool(
  name: string,
  matchLabels: Readonly<Record<string, string>>,
  sharing?: GPUPool['spec']['sharing'],
): GPUPool {
  return { apiVersion, kind: 'GPUPool', metadata: { name }, spec: { nodes: { selector: { matchLabels } }, sharing } };
}

/** A tenant. */
export function gpuTenant(name: string, namespaces: readonly string[], quotas: Tenant['spec']['quotas'] = []): Tenant {
  return {
    apiVersion,
    kind: 'Tenant',
    metadata: { name },
    spec: { selector: { namespaces: [...namespaces] }, quotas },
  };
}

/** A namespace. */
export function namespaceNamed(name: string, labels: Readonly<Record<string, string>> = {}): Namespace {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

type Spec = NonNullable<Pod['spec']>;

/** A spec that asks for GPUs and tolerates nothing. */
export function gpuSpec(gpus: number, extra: Partial<Spec> = {}): Spec {
  const limits = { 'nvidia.com/gpu': String(gpus) };
  return { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10', resources: { limits } }], ...extra };
}

/** A pod. */
export function gpuPod(namespace: string, name: string, spec: Spec, metadata: Pod['metadata'] = {}): Pod {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name, namespace }, spec };
}

/** An Indexed Job, whose pods are a gang, on the nodes of one scenario. */
export function gpuJob(namespace: string, name: string, parallelism: number, gpus: number, scenario: string): Job {
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, namespace },
    spec: {
      parallelism,
      completions: parallelism,
      completionMode: 'Indexed',
      template: {
        spec: gpuSpec(gpus, { restartPolicy: 'Never', nodeSelector: { 'gpuoptimizer.io/scenario': scenario } }),
      },
    },
  };
}
