import type { GPUPool } from '../../../operator/api/index.ts';
import type { Pod } from '../../../operator/kube/index.ts';
import { gpuPod, gpuPool, gpuSpec } from '../gpu/objects.ts';

/** A pool of a scenario's nodes with a scheduling rule. */
export function poolWith(name: string, scenario: string, scheduling: GPUPool['spec']['scheduling']): GPUPool {
  const pool = gpuPool(name, { 'gpuoptimizer.io/scenario': scenario });
  return { ...pool, spec: { ...pool.spec, scheduling } };
}

/** Pods of a gang by annotation, on the nodes of one scenario. */
export function gangPods(
  namespace: string,
  gang: string,
  names: readonly string[],
  options: {
    readonly scenario: string;
    readonly gpus: number;
    readonly size: number;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly labels?: Readonly<Record<string, string>>;
  },
): readonly Pod[] {
  const { scenario, gpus, size, annotations, labels } = options;
  const marks = { 'gpuoptimizer.io/gang': gang, 'gpuoptimizer.io/gang-size': String(size), ...annotations };
  const spec = gpuSpec(gpus, { nodeSelector: { 'gpuoptimizer.io/scenario': scenario } });
  return names.map((name) => gpuPod(namespace, `${gang}-${name}`, spec, { annotations: marks, labels }));
}

/** A custom resource definition that takes any fields; `status` types what must be typed of it. */
export function foreignDefinition(
  group: string,
  version: string,
  kind: string,
  plural: string,
  { scope = 'Namespaced', status }: { readonly scope?: string; readonly status?: object } = {},
): object {
  const openAPIV3Schema = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    ...(status !== undefined && { properties: { status } }),
  };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { kind, plural, singular: kind.toLowerCase(), listKind: `${kind}List` },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema }, subresources: { status: {} } },
      ],
    },
  };
}
