import type { PatchBody } from '../../runtime/index.ts';

/** Label on a Namespace: the Tenant it belongs to. */
export const TENANT_LABEL = 'gpuoptimizer.io/tenant';
/** Label on a Namespace: `true` where the admission policies gate GPU pods. */
export const MANAGED_LABEL = 'gpuoptimizer.io/managed';
/** Finalizer on a Tenant: its namespaces lose their labels before it goes. */
export const TENANT_FINALIZER = 'gpuoptimizer.io/tenant';

/**
 * Labels an owned namespace. A patch and not server-side apply, because an apply without the uid precondition would make
 * a namespace anew that was just deleted.
 */
export function labelled(tenant: string): PatchBody {
  return { type: 'merge', body: { metadata: { labels: { [TENANT_LABEL]: tenant, [MANAGED_LABEL]: 'true' } } } };
}

/** Takes both labels away, whoever wrote them. */
export function unlabelled(): PatchBody {
  return { type: 'merge', body: { metadata: { labels: { [TENANT_LABEL]: null, [MANAGED_LABEL]: null } } } };
}
