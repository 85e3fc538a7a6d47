import type { Tenant } from '../../api/index.ts';
import type { Namespace } from '../../kube/index.ts';
import type { AdmissionRequest } from '../../runtime/index.ts';
import { createTenantOf } from '../tenancy/match.ts';
import { MANAGED_LABEL, TENANT_LABEL } from '../tenancy/resources.ts';

/** Whether the tenant of a namespace is frozen; billing writes it. */
const FROZEN_LABEL = 'gpuoptimizer.io/frozen';
/** Whether campaigns run in a namespace. */
const GROWTH_LABEL = 'gpuoptimizer.io/growth';

/** A new namespace as it must start: gated when a Tenant selects it. The twin of config/policies/namespace-label.yaml. */
export function managedNamespace(namespace: Namespace, tenants: readonly Tenant[]): Namespace {
  const { metadata } = namespace;
  if (createTenantOf(tenants)(metadata.name ?? '') === undefined) return namespace;
  return { ...namespace, metadata: { ...metadata, labels: { ...metadata.labels, [MANAGED_LABEL]: 'true' } } };
}

/**
 * Why someone who may not "assign" tenants is refused; undefined when he is not. The API server asks about nobody else
 * (the condition `may-not-assign`). The twin of config/policies/namespace-guard.yaml.
 */
export function namespaceGuard({
  object,
  oldObject,
}: Pick<AdmissionRequest<Namespace>, 'object' | 'oldObject'>): string | undefined {
  const before = oldObject?.metadata.labels ?? {};
  const now = object?.metadata.labels ?? {};
  const changesOwner = [TENANT_LABEL, FROZEN_LABEL, GROWTH_LABEL].some(
    (key) => (now[key] ?? '') !== (before[key] ?? ''),
  );
  const opensGate = before[MANAGED_LABEL] === 'true' && now[MANAGED_LABEL] !== 'true';
  if (!changesOwner && !opensGate) return undefined;
  return 'the labels gpuoptimizer.io/tenant, gpuoptimizer.io/managed, gpuoptimizer.io/frozen and gpuoptimizer.io/growth follow from Tenants and are set by admins; ask one, or ask for the ClusterRole gpuopt-release';
}
