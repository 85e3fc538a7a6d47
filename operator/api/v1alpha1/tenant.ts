import type { CommonStatus, CustomResource, Int32, Int64, Label, Name, Ref } from '../common.ts';

/**
 * Tenant is a customer: the namespaces that are his, what he may use and how he is billed.
 * @resource plural=tenants singular=tenant shortNames=gten categories=gpuopt scope=Cluster
 * @column Name=Namespaces type=integer path=.status.namespaceCount description="Namespaces of the tenant"
 * @column Name=GPUs type=integer path=.status.allocated.gpus description="GPU equivalents in use, rounded up"
 * @column Name=Waiting type=integer path=.status.waitingPods description="Pods that wait"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True NamespacesLabelled -- the namespaces of the tenant carry its label and their GPU pods are gated
 * @condition Ready=True NoNamespace -- no namespace matches spec.selector.namespaces, or older tenants keep them all
 * @condition NamespacesExclusive=True NoConflict -- no other tenant claims these namespaces
 * @condition NamespacesExclusive=False NamespaceConflict -- older tenants keep namespaces that this one selects; narrow one of the selectors
 */
export interface Tenant extends CustomResource<TenantSpec, TenantStatus> {}

/** TenantSpec says what belongs to the tenant and what he may use. */
export interface TenantSpec {
  /** selector says which namespaces belong to the tenant; where two tenants claim one, the older tenant keeps it. */
  readonly selector: TenantSelector;
  /**
   * quotas limit the GPUs of the tenant by pool; a pool without an entry is not limited.
   * @listType map
   * @listKey pool
   * @maxItems 64
   */
  readonly quotas?: readonly Quota[];
  /** billing says who charges the tenant; without it usage is metered and not charged. */
  readonly billing?: TenantBilling;
}

/** TenantSelector selects namespaces by name. */
export interface TenantSelector {
  /**
   * namespaces are names; a * at the end stands for any rest.
   * @minItems 1
   * @maxItems 64
   * @listType set
   */
  readonly namespaces: readonly NamespacePattern[];
}

/**
 * The name of a namespace, or its beginning followed by a star; at least one character stands before the star.
 * @minLength 1
 * @maxLength 63
 * @pattern ^[a-z0-9][-a-z0-9]*[*]?$
 */
export type NamespacePattern = string & { readonly __unit?: 'NamespacePattern' };

/** Quota limits a tenant in one pool. */
export interface Quota {
  /** pool is the name of a GPUPool. */
  readonly pool: Name;
  /**
   * limit is the most GPUs the tenant's pods may hold in the pool; a slice counts as max(compute/7, memory/8) GPU.
   * @min 0
   * @max 1000000
   */
  readonly limit: Int32;
}

/** TenantBilling says who charges the tenant and by which prices. */
export interface TenantBilling {
  /** providerRef names the BillingProvider. */
  readonly providerRef: Ref;
  /** book is the name of the price book; its version in force rates the usage. */
  readonly book: Label;
  /**
   * customerId is the customer's identifier at the provider.
   * @minLength 1
   * @maxLength 255
   * @pattern ^[A-Za-z0-9_-]+$
   */
  readonly customerId: string;
}

/** TenantStatus is what the tenant has. */
export interface TenantStatus extends CommonStatus {
  /**
   * namespaceCount is the number of namespaces that belong to the tenant.
   * @min 0
   */
  readonly namespaceCount?: Int32;
  /**
   * namespaces are the namespaces that belong to the tenant, sorted, at most 100.
   * @listType set
   * @maxItems 100
   */
  readonly namespaces?: readonly Label[];
  /** allocated is what the tenant's bound pods hold. */
  readonly allocated?: TenantAllocated;
  /**
   * waitingPods is the number of the tenant's pods that wait for a GPU.
   * @min 0
   */
  readonly waitingPods?: Int32;
}

/** TenantAllocated counts what is in use. */
export interface TenantAllocated {
  /**
   * gpus is the GPU equivalents in use, rounded up.
   * @min 0
   */
  readonly gpus: Int32;
  /**
   * milli is the GPU equivalents in use, in thousandths of a GPU.
   * @min 0
   */
  readonly milli: Int64;
}
