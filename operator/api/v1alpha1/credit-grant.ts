import type { CommonStatus, Currency, CustomResource, Int32, Money, Ref, Timestamp } from '../common.ts';

/**
 * CreditGrant is money that a tenant has with the operator's owner: what it uses is taken from it first. It is posted once,
 * under its name; deleting the object takes nothing back, and an object of the same name gives nothing more.
 * @resource plural=creditgrants singular=creditgrant shortNames=gcred categories=gpuopt scope=Cluster
 * @column Name=Tenant type=string path=.spec.tenantRef.name description="Whose credit it is"
 * @column Name=Amount type=string path=.spec.amount description="What was granted"
 * @column Name=Remaining type=string path=.status.remaining description="What is left, by local rating"
 * @column Name=Currency type=string path=.spec.currency description="ISO 4217 code"
 * @column Name=Expires type=string path=.spec.expiresTime description="When what is left lapses"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether it is posted"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True Available -- usage is taken from it
 * @condition Ready=True Spent -- nothing is left; a correction that takes usage back fills it again
 * @condition Ready=True Expired -- usage after expiresTime is not taken from it; what was left has lapsed
 * @condition Ready=False TenantMissing -- there is no Tenant of this name; create it or correct spec.tenantRef
 * @condition Ready=False NameTaken -- a grant of this name was posted before, and said something else; use another name
 */
export interface CreditGrant extends CustomResource<CreditGrantSpec, CreditGrantStatus> {}

/**
 * CreditGrantSpec says how much, and for how long.
 * @rule self == oldSelf -- spec is immutable: the journal has it; create a further CreditGrant instead
 */
export interface CreditGrantSpec {
  /** tenantRef names the Tenant. */
  readonly tenantRef: Ref;
  /** amount is what is granted, in major units of the currency. */
  readonly amount: Money;
  /** currency is that of the charges which are taken from it: the currency of the tenant's price list. */
  readonly currency: Currency;
  /**
   * priority decides which grant falls first: the lowest; among equals the one that expires first.
   * @default 50
   * @min 0
   * @max 100
   */
  readonly priority?: Int32;
  /** expiresTime is when what is left lapses; usage of windows that end later is not taken from it. Without it, never. */
  readonly expiresTime?: Timestamp;
}

/** CreditGrantStatus tells what is left. */
export interface CreditGrantStatus extends CommonStatus {
  /** remaining is what is left, in major units, rounded. */
  readonly remaining?: Money;
  /** grantedTime is from when usage is taken from it: windows that end later. */
  readonly grantedTime?: Timestamp;
}
