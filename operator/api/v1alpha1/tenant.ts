import type { CommonStatus, CustomResource, Int32, Int64, Label, Name, Ref, Timestamp } from '../common.ts';

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
 * @condition GoodStanding=True StandingActive -- neither a budget nor an unpaid invoice limits the tenant
 * @condition GoodStanding=True StandingWarning -- a budget or an unpaid invoice has reached its first step; the message says which, and nothing is kept from the tenant yet
 * @condition GoodStanding=False StandingDelinquent -- an invoice is long unpaid; nothing is kept from the tenant yet
 * @condition GoodStanding=False StandingFrozen -- no GPU pod or claim is let in and none that waits is released; the message says what lifts it, and it lifts by itself
 * @condition GoodStanding=False StandingEvicting -- the freeze has lasted for evictAfterSeconds of the BillingPlan and the tenant's GPU pods are evicted
 * @condition GoodStanding=False EvictionBlocked -- PodDisruptionBudgets keep GPU pods of the tenant from being evicted; the operator tries again
 * @condition CustomerReady=True Subscribed -- the provider has a customer and a subscription for the tenant, to the prices that rate its usage
 * @condition CustomerReady=False CatalogNotSet -- the tenant names no customer, and its BillingProvider has no spec.catalog; set spec.billing.customerId or the catalog, until then usage is metered and not charged
 * @condition CustomerReady=False ProviderNotReady -- the BillingProvider is missing or not Ready
 * @condition CustomerReady=False ListMissing -- no version of the tenant's price list rates usage now
 * @condition CustomerReady=False PricesNotReady -- a price of the tenant's list is not at the provider, or not as it is rated here; see CatalogInStep of the BillingProvider
 * @condition CustomerReady=False TooManyPrices -- the list has more prices than a subscription can have
 * @condition CustomerReady=False CustomerDeleted -- the customer was deleted at the provider; name another in spec.billing.customerId
 * @condition CustomerReady=False SubscriptionEnded -- the subscription has ended at the provider; it is not made again by itself
 * @condition CustomerReady=False SubscriptionDiffers -- the subscription has other prices than rate the tenant's usage; the message says which
 * @condition CustomerReady=False CustomerRefused -- the provider refuses to make or show the customer or subscription; the message is its own
 * @event Warning CustomerDrifted -- the tenant's customer or subscription at the provider is not what usage is rated by
 * @event Warning TenantWarned -- a budget or an unpaid invoice has reached a step that only warns
 * @event Warning TenantFrozen -- nothing new of the tenant that asks for GPUs is let in
 * @event Warning TenantPodEvicted -- on a pod: its tenant was frozen for longer than the plan allows
 * @event Normal TenantRestored -- what limited the tenant is gone
 */
export interface Tenant extends CustomResource<TenantSpec, TenantStatus> {}

/**
 * TenantSpec says what belongs to the tenant and what he may use.
 * @rule !has(self.billing) || has(self.billing.book) || has(self.planRef) -- usage is charged by a price list; name one in billing.book, or a plan in planRef
 */
export interface TenantSpec {
  /** selector says which namespaces belong to the tenant; where two tenants claim one, the older tenant keeps it. */
  readonly selector: TenantSelector;
  /**
   * quotas are the tenant's rights by pool; in a pool without an entry it has those of the pool's spec.tenancy.default.
   * @listType map
   * @listKey pool
   * @maxItems 64
   */
  readonly quotas?: readonly Quota[];
  /**
   * gpuHours is a budget that gates: once it is spent, nothing new of the tenant starts before the next period. What runs
   * goes on.
   */
  readonly gpuHours?: GPUHourBudget;
  /** planRef names the BillingPlan that the tenant is on. */
  readonly planRef?: Ref;
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

/**
 * Quota is what a tenant may use of one pool. Amounts are GPU equivalents: a slice counts as max(compute/7, memory/8) GPU.
 * @rule !has(self.guaranteed) || !has(self.limit) || self.guaranteed <= self.limit -- guaranteed must not be above limit; raise limit or leave it out
 * @rule !has(self.lend) || (has(self.guaranteed) && self.lend <= self.guaranteed) -- lend is a part of guaranteed and must not be above it
 */
export interface Quota {
  /** pool is the name of a GPUPool. */
  readonly pool: Name;
  /**
   * guaranteed is what the tenant gets before anybody borrows; while guarantees add up to more than the pool has, all of
   * the pool shrink in proportion (its condition QuotaFeasible). Without it, the pool's default.
   * @min 0
   * @max 1000000
   */
  readonly guaranteed?: Int32;
  /**
   * limit is the most GPUs that the tenant's pods may hold in the pool, borrowed ones included; without it, no limit.
   * @min 0
   * @max 1000000
   */
  readonly limit?: Int32;
  /**
   * weight is the tenant's part of what is borrowed, beside those of others. Without it, the pool's default.
   * @min 1
   * @max 1000
   */
  readonly weight?: Int32;
  /** borrow says whether the tenant may hold more than guaranteed while others leave it idle: Cohort, the default, or None. */
  readonly borrow?: 'Cohort' | 'None';
  /**
   * lend is how much of guaranteed others may borrow while the tenant leaves it idle; without it, all.
   * @min 0
   * @max 1000000
   */
  readonly lend?: Int32;
  /** maxPriority caps the priority of the tenant's pods in the pool; pods above it count as if they had this one. */
  readonly maxPriority?: Int32;
}

/** GPUHourBudget is how many GPU-hours a tenant may use in one period. */
export interface GPUHourBudget {
  /**
   * limit is the most GPU-hours, over all pools.
   * @min 0
   * @max 100000000
   */
  readonly limit: Int32;
  /** period is after what the count begins anew, in UTC: each day, each Monday or each first of a month. */
  readonly period: 'Day' | 'Week' | 'Month';
}

/** TenantBilling says who charges the tenant and by which prices. */
export interface TenantBilling {
  /** providerRef names the BillingProvider. */
  readonly providerRef: Ref;
  /** book is the name of the price book; its version in force rates the usage. Without it, that of the tenant's plan. */
  readonly book?: Label;
  /**
   * customerId is the customer's identifier at the provider. Without it the operator makes a customer and a subscription
   * where spec.catalog of the BillingProvider lets it; for a customer that is named here it never makes a subscription.
   * @minLength 1
   * @maxLength 255
   * @pattern ^[A-Za-z0-9_-]+$
   */
  readonly customerId?: string;
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
  /**
   * shares are what the tenant used by pool, on average over time, recent use weighing more; they order who borrows next.
   * Sampled every five minutes.
   * @listType map
   * @listKey pool
   * @maxItems 64
   */
  readonly shares?: readonly TenantShare[];
  /** gpuHours is what the tenant has used in the current period of spec.gpuHours. */
  readonly gpuHours?: GPUHoursUsed;
  /**
   * freezes are why nothing new of the tenant starts, by who says so; one that is older than fifteen minutes or past its
   * end holds nobody, because nothing acts on what it cannot see well.
   * @listType map
   * @listKey reason
   * @maxItems 8
   */
  readonly freezes?: readonly TenantFreeze[];
  /** standing is how the tenant stands by what it spends and pays; absent while nothing limits it. */
  readonly standing?: TenantStanding;
  /**
   * customerId is the customer that the operator made for the tenant at the provider.
   * @maxLength 255
   */
  readonly customerId?: string;
  /**
   * subscriptionId is the subscription that the operator made for that customer.
   * @maxLength 255
   */
  readonly subscriptionId?: string;
  /** priceExperiment is what a PriceExperiment gave the tenant; it holds while the tenant is on that plan. */
  readonly priceExperiment?: TenantPriceArm;
}

/** TenantPriceArm is the price list that an experiment gave a tenant. */
export interface TenantPriceArm {
  /** name is that of the PriceExperiment. */
  readonly name: Name;
  /** plan is the name of the BillingPlan that it is about. */
  readonly plan: Name;
  /** arm is the arm that the tenant has; absent for one that was charged before, and takes no part. */
  readonly arm?: Label;
  /** book is the price list of the arm. */
  readonly book?: Label;
}

/** TenantStanding is the highest step of everything that limits the tenant. */
export interface TenantStanding {
  /** step is Warning, Delinquent, Frozen or Evicting. */
  readonly step: 'Warning' | 'Delinquent' | 'Frozen' | 'Evicting';
  /** cause is what demands it: a Budget, or Dunning, which is an unpaid invoice. */
  readonly cause: 'Budget' | 'Dunning';
  /** sinceTime is when the cause reached the step, or the freeze that precedes an eviction. */
  readonly sinceTime: Timestamp;
  /** evictTime is when the tenant's GPU pods are evicted if nothing changes; absent where they are not. */
  readonly evictTime?: Timestamp;
}

/** TenantShare is the tenant's average use of one pool, each half life counting half of the one after it. */
export interface TenantShare {
  /** pool is the name of a GPUPool. */
  readonly pool: Name;
  /**
   * gpuMilli is the average of GPU equivalents, in thousandths of a GPU.
   * @min 0
   */
  readonly gpuMilli: Int64;
  /**
   * cpuMilli is the average of CPU, in thousandths of a core.
   * @min 0
   */
  readonly cpuMilli: Int64;
  /**
   * memoryMiB is the average of memory, in MiB.
   * @min 0
   */
  readonly memoryMiB: Int64;
  /** observedTime is when it was sampled. */
  readonly observedTime: Timestamp;
}

/** GPUHoursUsed is the use of one period as metering counts it. */
export interface GPUHoursUsed {
  /**
   * usedSeconds is the number of GPU-seconds in this period up to observedTime; a slice counts for its part.
   * @min 0
   */
  readonly usedSeconds: Int64;
  /** periodStartTime is when the period began. */
  readonly periodStartTime: Timestamp;
  /** observedTime is when it was counted, at most some minutes ago while metering runs. */
  readonly observedTime: Timestamp;
}

/** TenantFreeze is one reason for which nothing new of the tenant starts. */
export interface TenantFreeze {
  /** reason is GPUHours where the budget of spec.gpuHours is spent, Budget where that of a Budget is, Dunning where an invoice is unpaid. */
  readonly reason: 'GPUHours' | 'Budget' | 'Dunning';
  /**
   * message is a sentence for the tenant that says what is spent and what lifts it.
   * @minLength 1
   * @maxLength 512
   */
  readonly message: string;
  /** observedTime is when it was found to hold. */
  readonly observedTime: Timestamp;
  /** endTime is when it ends by itself; absent where it lasts until somebody does what the message says. */
  readonly endTime?: Timestamp;
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
