import { kinds, type Tenant } from '../../api/index.ts';
import { Namespace, Pod, ResourceClaim, ResourceSlice } from '../../kube/index.ts';
import type { Reader } from '../../runtime/index.ts';
import { allocatedMilli, createNodeLookup } from '../allocation.ts';
import { claimedMilli } from '../dra/counts.ts';
import { readDraNodes } from '../dra/devices.ts';
import { takesRoom } from '../pod-requests.ts';
import { createTenantOf, selects } from './match.ts';
import { MANAGED_LABEL, TENANT_LABEL } from './resources.ts';

/** A namespace as the tenant controller sees it. */
export interface NamespaceFacts {
  readonly name: string;
  readonly uid?: string;
  /** Owner by pattern, and owner by label. */
  readonly owner?: string;
  readonly labelled?: string;
  readonly managed: boolean;
  readonly terminating: boolean;
}

/** What one pass over a tenant knows. */
export interface TenantFacts {
  readonly tenant: string;
  /** Namespaces that the tenant selects or whose label names it. */
  readonly namespaces: readonly NamespaceFacts[];
  /** What the bound pods and the claims in its namespaces hold, in thousandths of a GPU. */
  readonly allocatedMilli: number;
}

/** Reads the tenant's namespaces and what runs in them from the cache. */
export function observe(tenant: Tenant, reader: Reader): TenantFacts {
  const name = tenant.metadata.name;
  const tenantOf = createTenantOf(reader.list(kinds.Tenant));
  const namespaces = reader
    .list(Namespace)
    .map(
      (namespace): NamespaceFacts => ({
        name: namespace.metadata.name ?? '',
        uid: namespace.metadata.uid,
        owner: tenantOf(namespace.metadata.name ?? ''),
        labelled: namespace.metadata.labels?.[TENANT_LABEL],
        managed: namespace.metadata.labels?.[MANAGED_LABEL] === 'true',
        terminating: namespace.metadata.deletionTimestamp !== undefined,
      }),
    )
    .filter((namespace) => namespace.labelled === name || selects(tenant, namespace.name));
  const nodeOf = createNodeLookup(reader);
  const own = namespaces.filter((namespace) => namespace.owner === name);
  const allocated = own
    .flatMap((namespace) => reader.list(Pod, { namespace: namespace.name }))
    .filter(takesRoom)
    .reduce((sum, pod) => sum + allocatedMilli(pod, nodeOf(pod.spec?.nodeName)), 0);
  const claims = own.flatMap((namespace) => reader.list(ResourceClaim, { namespace: namespace.name }));
  const claimed = claimedMilli(claims, readDraNodes(reader.list(ResourceSlice)));
  return { tenant: name, namespaces, allocatedMilli: allocated + claimed };
}
