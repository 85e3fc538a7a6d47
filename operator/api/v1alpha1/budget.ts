import type { CommonStatus, Currency, CustomResource, Int32, Money, Ref, Timestamp } from '../common.ts';

/**
 * Budget is what a tenant may spend in a period, and what happens on the way there.
 * @resource plural=budgets singular=budget shortNames=gbud categories=gpuopt scope=Cluster
 * @column Name=Tenant type=string path=.spec.tenantRef.name description="Whose budget it is"
 * @column Name=Spent type=string path=.status.spent description="Spent in this period, by local rating"
 * @column Name=Amount type=string path=.spec.amount description="What may be spent"
 * @column Name=Currency type=string path=.spec.currency description="ISO 4217 code"
 * @column Name=Step type=string path=.status.step.action description="What is done about it now"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True Counting -- spending is counted against the budget
 * @condition Ready=Unknown UsageNotSeen -- metering has not looked at the pods for five minutes; nothing new is done about the budget until it has
 * @condition Ready=False TenantMissing -- there is no Tenant of this name; create it or correct spec.tenantRef
 * @condition Ready=False NoPrices -- the tenant names no price list, or none of its versions is in force; give it a planRef or spec.billing.book
 * @condition Ready=False CurrencyDiffers -- the tenant pays in another currency; state the budget in that one
 */
export interface Budget extends CustomResource<BudgetSpec, BudgetStatus> {}

/** BudgetSpec says how much, in which time, and what follows. */
export interface BudgetSpec {
  /** tenantRef names the Tenant. */
  readonly tenantRef: Ref;
  /** amount is what may be spent in one period, in major units of the currency. */
  readonly amount: Money;
  /** currency is that of the tenant's price list. */
  readonly currency: Currency;
  /** period is after what the count begins anew, in UTC: each day, each Monday or each first of a month. */
  readonly period: 'Day' | 'Week' | 'Month';
  /**
   * steps are what is done when parts of the amount are spent.
   * @minItems 1
   * @maxItems 3
   * @listType map
   * @listKey action
   */
  readonly steps: readonly BudgetStep[];
}

/** BudgetStep is something done from a part of the amount on. */
export interface BudgetStep {
  /**
   * action is Warn (an event and a condition), Freeze (no new GPU pod or claim; what runs goes on) or Evict: a freeze, and
   * once it has lasted for evictAfterSeconds of the tenant's BillingPlan, eviction; without a plan that says so, a freeze.
   */
  readonly action: 'Warn' | 'Freeze' | 'Evict';
  /**
   * percent is the part of the amount.
   * @min 1
   * @max 1000
   */
  readonly percent: Int32;
}

/** BudgetStatus tells what is spent. */
export interface BudgetStatus extends CommonStatus {
  /** spent is what sealed windows and running allocations of the period cost, in major units, rounded. */
  readonly spent?: Money;
  /** periodStartTime is when the period began. */
  readonly periodStartTime?: Timestamp;
  /** periodEndTime is when the count begins anew. */
  readonly periodEndTime?: Timestamp;
  /** observedTime is up to when usage was counted. */
  readonly observedTime?: Timestamp;
  /** step is the highest step that is reached; absent below the first. */
  readonly step?: ReachedStep;
}

/** ReachedStep is a step that is reached. */
export interface ReachedStep {
  /** action is what is done. */
  readonly action: 'Warn' | 'Freeze' | 'Evict';
  /** sinceTime is when it was found to be reached in this period. */
  readonly sinceTime: Timestamp;
}
