import type { Tenant } from '../../api/index.ts';
import { byAge } from '../membership.ts';

/** Answers whose a namespace is: the name of the oldest tenant that selects it. */
export type TenantOf = (namespace: string) => string | undefined;

/** Whether a name matches a pattern: equal, or beginning with what stands before a final star. */
export function matchesPattern(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
}

/** Whether the tenant selects the namespace, whoever owns it in the end. */
export function selects(tenant: Tenant, namespace: string): boolean {
  return tenant.spec.selector.namespaces.some((pattern) => matchesPattern(pattern, namespace));
}

/** The owner of every namespace under these tenants; a tenant that is being deleted owns nothing. Answers are remembered. */
export function createTenantOf(tenants: readonly Tenant[]): TenantOf {
  const settled = tenants.filter((tenant) => tenant.metadata.deletionTimestamp === undefined).sort(byAge);
  const known = new Map<string, string | undefined>();
  return (namespace) => {
    if (known.has(namespace)) return known.get(namespace);
    const owner = settled.find((tenant) => selects(tenant, namespace))?.metadata.name;
    known.set(namespace, owner);
    return owner;
  };
}
