import type { CommonStatus, CustomResource, Int32, Label, Ref } from '../common.ts';

/**
 * PriceExperiment gives new tenants of a plan one of several price lists, so that what lists bring can be compared. Whoever
 * has a list keeps it: nobody's prices change by an experiment, neither when it begins nor when it stops.
 * @resource plural=priceexperiments singular=priceexperiment shortNames=gexp categories=gpuopt scope=Cluster
 * @column Name=Plan type=string path=.spec.planRef.name description="Whose new tenants take part"
 * @column Name=Start type=string path=.spec.startMonth description="The month from which on tenants take part"
 * @column Name=Stop type=string path=.spec.stopMonth description="The month before which they are made"
 * @column Name=Tenants type=integer path=.status.tenantCount description="Tenants that have an arm"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether new tenants get an arm"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True Running -- tenants made on the plan from startMonth to stopMonth get an arm; before and after nobody does
 * @condition Ready=False PlanMissing -- there is no BillingPlan of the name in spec.planRef; create it or make another PriceExperiment
 * @condition Ready=False BookMissing -- no PriceBook is a version of an arm's list, or of the plan's; create one
 * @condition Ready=False CurrencyDiffers -- an arm's list has another currency than that of the plan, in which fees are
 * @condition Ready=False SkusMissing -- an arm's list lacks a SKU of the plan's list, whose usage would have no price
 * @condition Ready=False Overlaps -- an older PriceExperiment of the plan takes tenants in the same time; stop it first
 */
export interface PriceExperiment extends CustomResource<PriceExperimentSpec, PriceExperimentStatus> {}

/**
 * PriceExperimentSpec says who takes part, and what they may get.
 * @rule self.planRef == oldSelf.planRef && self.arms == oldSelf.arms && self.startMonth == oldSelf.startMonth -- planRef, arms and startMonth are immutable: what was compared would mean nothing; create a new PriceExperiment
 * @rule !has(self.stopMonth) || self.startMonth < self.stopMonth -- stopMonth must be after startMonth
 */
export interface PriceExperimentSpec {
  /** planRef names the BillingPlan whose new tenants take part. */
  readonly planRef: Ref;
  /**
   * arms are the lists that tenants may get. Name the plan's own list too, for comparison.
   * @minItems 2
   * @maxItems 8
   * @listType map
   * @listKey name
   */
  readonly arms: readonly PriceArm[];
  /**
   * startMonth is the calendar month, UTC, from which on tenants are made that take part, such as 2027-01.
   * @pattern ^20[0-9]{2}-(0[1-9]|1[0-2])$
   * @maxLength 7
   */
  readonly startMonth: string;
  /**
   * stopMonth is the month before which they are made, such as 2027-04. Without it, there is no end. Those who have an arm
   * keep it.
   * @pattern ^20[0-9]{2}-(0[1-9]|1[0-2])$
   * @maxLength 7
   */
  readonly stopMonth?: string;
}

/** PriceArm is a list that tenants may get. */
export interface PriceArm {
  /** name tells the arm from the others. */
  readonly name: Label;
  /** book is the name of a price list, in the currency of the plan's and with all of its SKUs. */
  readonly book: Label;
  /**
   * weight is the arm's part of the tenants, beside those of the others.
   * @min 1
   * @max 1000
   */
  readonly weight: Int32;
}

/** PriceExperimentStatus tells who got what. */
export interface PriceExperimentStatus extends CommonStatus {
  /**
   * tenantCount is the number of tenants that have an arm, also of those that are gone.
   * @min 0
   */
  readonly tenantCount?: Int32;
  /**
   * arms are how many of them have which.
   * @listType map
   * @listKey name
   * @maxItems 8
   */
  readonly arms?: readonly PriceArmTenants[];
}

/** PriceArmTenants is how many tenants have an arm. */
export interface PriceArmTenants {
  /** name is that of the arm. */
  readonly name: Label;
  /**
   * tenantCount is the number of its tenants.
   * @min 0
   */
  readonly tenantCount: Int32;
}
