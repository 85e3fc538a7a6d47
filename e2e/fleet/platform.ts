import { GROUPS } from './groups.ts';
import { INFER_NAMESPACE, TRAIN_NAMESPACE } from './workload.ts';

const API_VERSION = 'gpuoptimizer.io/v1alpha1';

/** A custom resource that fits the fleet. */
export interface PlatformObject {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: 'GPUPool' | 'Tenant';
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** One GPUPool for each pool named in GROUPS, selecting by the labels that GPU Feature Discovery writes. */
export function fleetPools(): PlatformObject[] {
  const names = [...new Set(GROUPS.map((group) => group.pool))];
  return names.map((name) => {
    const group = GROUPS.find((each) => each.pool === name);
    const sharing = group?.sharing.kind;
    const matchLabels = {
      'nvidia.com/gpu.product': group?.product ?? '',
      'nvidia.com/gpu.sharing-strategy': sharing === 'time-slicing' ? 'time-slicing' : 'none',
      'nvidia.com/mig.strategy': sharing === 'mig' ? 'mixed' : 'none',
    };
    return {
      apiVersion: API_VERSION,
      kind: 'GPUPool',
      metadata: { name },
      spec: { nodes: { selector: { matchLabels } } },
    };
  });
}

/** GPUs that each tenant may hold by pool, such that the objects marked `exceeds-limit` do and the others do not. */
export const TENANT_LIMITS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  acme: { h100: 48, a100: 32, l4: 4, t4: 4 },
  globex: { 'a100-mig': 12, l4: 12, 'l4-shared': 8, t4: 10 },
};

const NAMESPACES: Readonly<Record<string, string>> = { acme: TRAIN_NAMESPACE, globex: INFER_NAMESPACE };

/** The two tenants of the workload. */
export function fleetTenants(): PlatformObject[] {
  return Object.entries(TENANT_LIMITS).map(([name, limits]) => ({
    apiVersion: API_VERSION,
    kind: 'Tenant',
    metadata: { name },
    spec: {
      selector: { namespaces: [NAMESPACES[name] ?? name] },
      quotas: Object.entries(limits).map(([pool, limit]) => ({ pool, limit })),
    },
  }));
}
