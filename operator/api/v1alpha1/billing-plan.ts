import type { CommonStatus, CustomResource, GPUSeconds, Int32, Label, Money, Seconds } from '../common.ts';

/**
 * BillingPlan is what tenants on it have agreed to: by which list they pay, and what happens when they do not.
 * @resource plural=billingplans singular=billingplan shortNames=gplan categories=gpuopt scope=Cluster
 * @column Name=Book type=string path=.spec.book description="The price list"
 * @column Name=Tenants type=integer path=.status.tenantCount description="Tenants on the plan"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True PlanInForce -- tenants that name the plan are held to it
 * @condition Ready=False BookMissing -- no PriceBook is a version of the list that spec.book names; create one or correct the name
 * @condition Ready=False CommitmentContradicts -- spec.commitment.minimum is above its maximum, so that neither holds; lower one or raise the other
 * @condition CorrectionsBilled=True ItemsSent -- late usage of tenants on the plan is billed as spec.corrections says
 * @condition CorrectionsBilled=False ItemsNotSent -- providers that charge tenants on the plan take no items, so that their late usage is sent and never billed; say spec.catalog.fees: InvoiceItems of the BillingProviders that the message names
 */
export interface BillingPlan extends CustomResource<BillingPlanSpec, BillingPlanStatus> {}

/** BillingPlanSpec says what tenants on the plan pay by, and how late payments are dealt with. */
export interface BillingPlanSpec {
  /** book is the name of the price list that rates the usage of tenants whose spec.billing.book names none. */
  readonly book: Label;
  /**
   * included are quantities of each calendar month, UTC, that cost nothing; tiers count from after them. A change holds for
   * windows that are rated after it. The price at the provider must have them as a first tier that costs nothing.
   * @maxItems 64
   * @listType map
   * @listKey sku
   */
  readonly included?: readonly IncludedQuantity[];
  /**
   * recurringFee is charged for each calendar month, UTC, at its end and once all usage of it is sealed, in major units of
   * the currency of that version of the list in spec.book which is in force. A tenant who was on the plan for a part of the
   * month, or while it had another fee, pays by seconds, from when the operator saw the change. It is in the preview of his
   * bill, in the journal and in the revenue figures; the provider is told where spec.catalog.fees of the BillingProvider
   * says so, else put it on the subscription there. Tenants without spec.billing pay none.
   */
  readonly recurringFee?: Money;
  /**
   * commitment bounds what the usage of a calendar month, UTC, comes to; the fee is no part of it. What the usage lacks of
   * the minimum, or has above the maximum, is an item of its own at the end of the month, by seconds and in the currency as
   * for recurringFee. It counts usage in that currency whose windows begin while the commitment holds, before credit. Like
   * the fee it is in the preview, the journal and the revenue figures, and the provider is told of it as of the fee.
   */
  readonly commitment?: Commitment;
  /**
   * billFrom is what opens the time that a pod is metered for: Bound, when it is bound to its node, or Running, when the
   * first of its containers starts, init containers aside; a pod of which none ever did costs nothing then. A claim counts
   * from the first pod that reserves it. Time that has begun is neither ended nor dated anew by a change of the plan, nor
   * by going over to another plan: a pod that counts goes on. One that is bound and waits for its start goes on waiting if
   * Running is new, also if it was bound before that and not yet seen; if Bound is new it counts from when the operator
   * saw the change, or from its start if that came first. While the plan that a tenant names does not exist, it is Running.
   * @default "Bound"
   */
  readonly billFrom?: 'Bound' | 'Running';
  /**
   * entitlements are what tenants on the plan may use beside GPUs: Portal, the tenants' HTTP API. Without the field they
   * may use everything, with an empty list nothing. A change holds within half a minute.
   * @maxItems 16
   * @listType set
   */
  readonly entitlements?: readonly 'Portal'[];
  /**
   * corrections says what becomes of usage that is sealed, priced or corrected only after the invoice of its time is
   * final, of which the provider bills nothing: NextPeriod puts what it costs, or gives back, on the customer's next
   * invoice, as an item in whole minor units for each calendar month, UTC; CreditNote does the same with what costs more,
   * and takes what is given back off the final invoice by a credit note, as far as one invoice of the month has so much
   * left. It takes hold where spec.catalog.fees of the BillingProvider is InvoiceItems, for usage that is frozen from then
   * on. Without the field such usage is sent like any other and never billed, and a UsageCorrection of it is refused.
   */
  readonly corrections?: 'NextPeriod' | 'CreditNote';
  /**
   * dunning is the ladder that an unpaid invoice climbs, counted from the first payment that failed or the due date that
   * passed. It is climbed only while the provider confirms that the invoice is unpaid, and left once it is paid. Without
   * it, unpaid invoices change nothing here.
   * @minItems 1
   * @maxItems 3
   * @listType map
   * @listKey step
   */
  readonly dunning?: readonly DunningStep[];
  /**
   * evictAfterSeconds is how long a tenant stays frozen before its GPU pods are evicted; without it they run on. What a
   * PodDisruptionBudget protects is tried again and reported.
   */
  readonly evictAfterSeconds?: Seconds;
}

/** IncludedQuantity is what a plan gives of one SKU. */
export interface IncludedQuantity {
  /**
   * sku is the name of a SKU of the price list.
   * @minLength 1
   * @maxLength 80
   * @pattern ^[a-z0-9_]+$
   */
  readonly sku: string;
  /** quantitySeconds is in GPU-seconds. */
  readonly quantitySeconds: GPUSeconds;
}

/**
 * Commitment is the least and the most that usage costs in a month; a plan's fee comes on top. A minimum above the maximum
 * bounds nothing: the plan's condition says so.
 * @rule has(self.minimum) || has(self.maximum) -- commitment bounds nothing; state minimum, maximum or both, or leave it out
 */
export interface Commitment {
  /** minimum is paid even if usage costs less, in major units. */
  readonly minimum?: Money;
  /** maximum is paid even if usage costs more, in major units. */
  readonly maximum?: Money;
}

/** DunningStep is one step of the ladder. */
export interface DunningStep {
  /** step is Warning (an event and a condition), Delinquent (the same, louder) or Frozen: no new GPU pod or claim. */
  readonly step: 'Warning' | 'Delinquent' | 'Frozen';
  /** afterSeconds is how long the invoice has been unpaid. */
  readonly afterSeconds: Seconds;
}

/** BillingPlanStatus tells who is on the plan. */
export interface BillingPlanStatus extends CommonStatus {
  /**
   * tenantCount is the number of tenants that name the plan.
   * @min 0
   */
  readonly tenantCount?: Int32;
}
