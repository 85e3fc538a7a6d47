import type { NamespaceFacts, TenantFacts } from './observe.ts';

/** What is to be done about the tenant's namespaces. */
export interface TenantPlan {
  /** Namespaces that are the tenant's, sorted. */
  readonly owned: readonly string[];
  /** Those that lack a label. */
  readonly mark: readonly NamespaceFacts[];
  /** Those that carry the tenant's label and are his no longer, and nobody else's. */
  readonly unmark: readonly NamespaceFacts[];
  /** Those that he selects and an older tenant keeps. */
  readonly lost: readonly { readonly namespace: string; readonly to: string }[];
}

/** Settles who owns what; the oldest tenant that selects a namespace keeps it. */
export function decide({ tenant, namespaces }: TenantFacts): TenantPlan {
  const alive = namespaces.filter((namespace) => !namespace.terminating);
  const owned = alive.filter((namespace) => namespace.owner === tenant);
  return {
    owned: owned.map((namespace) => namespace.name).sort(),
    mark: owned.filter((namespace) => namespace.labelled !== tenant || !namespace.managed),
    unmark: alive.filter((namespace) => namespace.labelled === tenant && namespace.owner === undefined),
    lost: alive.flatMap(({ name, owner }) =>
      owner === undefined || owner === tenant ? [] : [{ namespace: name, to: owner }],
    ),
  };
}
