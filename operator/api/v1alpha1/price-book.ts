import type {
  CommonStatus,
  Currency,
  CustomResource,
  GPUSeconds,
  Int32,
  Label,
  LabelValue,
  Money,
  Timestamp,
} from '../common.ts';

/**
 * PriceBook is one version of a price list. Its spec never changes: a new price is a new PriceBook.
 * @resource plural=pricebooks singular=pricebook shortNames=gprice categories=gpuopt scope=Cluster
 * @column Name=Book type=string path=.spec.book description="The list this is a version of"
 * @column Name=Version type=integer path=.spec.version description="Version of the list"
 * @column Name=Currency type=string path=.spec.currency description="ISO 4217 code"
 * @column Name=SKUs type=integer path=.status.skuCount description="Priced things"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 * @condition Ready=True InForce -- this version rates usage now
 * @condition Ready=True Scheduled -- this version rates usage from effectiveFromTime on
 * @condition Ready=True Superseded -- a higher version rates usage now; this one rated what was before
 * @condition Ready=False AmbiguousSKU -- two SKUs match the same model and profile; create a new version in which each match stands once
 * @condition Ready=False TiersUnordered -- the steps of a SKU do not rise by upToSeconds; create a new version in which they do
 * @condition Ready=False VersionTaken -- another PriceBook stated this version before, with other prices; use a higher version
 * @condition Overlapping=False Distinct -- no higher version begins earlier
 * @condition Overlapping=True NeverInForce -- a higher version begins at or before this one, which so never is in force
 */
export interface PriceBook extends CustomResource<PriceBookSpec, PriceBookStatus> {}

/**
 * PriceBookSpec is a price list.
 * @rule self == oldSelf -- spec is immutable: a bill may already rest on it; create a new PriceBook with a higher version instead
 */
export interface PriceBookSpec {
  /** book is the name of the list. */
  readonly book: Label;
  /**
   * version counts the versions of the list; the highest whose effectiveFromTime has passed is in force.
   * @min 1
   * @max 1000000
   */
  readonly version: Int32;
  /** currency is the currency of all prices. */
  readonly currency: Currency;
  /** effectiveFromTime is the first moment of validity; usage windows that begin earlier are rated by an earlier version. */
  readonly effectiveFromTime: Timestamp;
  /**
   * skus are the priced things.
   * @minItems 1
   * @maxItems 64
   * @listType map
   * @listKey name
   */
  readonly skus: readonly SKU[];
  /** idle says whose GPU time is that nobody held; without it, the FOCUS export has no rows for it. */
  readonly idle?: IdleSplit;
  /** energy says what a kilowatt-hour drawn by a GPU stands for; without it, no CO2 is stated. */
  readonly energy?: EnergyFactors;
}

/**
 * IdleSplit says how the GPU time that nobody held is divided among those who held GPUs. It is shown, never billed. Of
 * several lists in force that have it, the one whose name sorts first counts for the whole cluster.
 */
export interface IdleSplit {
  /** split is None (kept as a row of its own), Weighted (by what each tenant held) or Even (alike among those who held anything). */
  readonly split: 'None' | 'Weighted' | 'Even';
  /**
   * scope is Node (the time of a node is divided among those who held GPUs of it) or Cluster.
   * @default "Node"
   */
  readonly scope?: 'Node' | 'Cluster';
}

/** EnergyFactors turn the energy of a GPU into the greenhouse gas of the data centre. */
export interface EnergyFactors {
  /**
   * gco2PerKWh is the grams of CO2 equivalent that a kilowatt-hour at the data centre's meter stands for.
   * @min 0
   * @max 10000
   */
  readonly gco2PerKWh: Int32;
  /**
   * pue is the power usage effectiveness: kilowatt-hours at the data centre's meter for each at its computers.
   * @maxLength 6
   * @pattern ^[1-9][0-9]?([.][0-9]{1,3})?$
   */
  readonly pue: string;
}

/**
 * SKU is one priced thing.
 * @oneOf perHour tiers
 */
export interface SKU {
  /**
   * name is part of the meter's name: gpu_seconds__ followed by name.
   * @minLength 1
   * @maxLength 80
   * @pattern ^[a-z0-9_]+$
   */
  readonly name: string;
  /** match says which allocations this SKU prices. */
  readonly match: SKUMatch;
  /** perHour is the price of one hour of one unit (a GPU, a MIG slice, a shared slot). */
  readonly perHour?: Money;
  /** tiers are prices that depend on how much of the SKU the tenant uses in the calendar month, UTC. */
  readonly tiers?: Tiers;
}

/**
 * Tiers are prices by quantity. The price at the provider must have the same ones, for it counts by itself.
 * @rule self.steps.filter(step, !has(step.upToSeconds)).size() == 1 -- the last step, and it alone, has no upToSeconds
 */
export interface Tiers {
  /** mode is Graduated (each second at the price of its own step) or Volume (all at the price of the step that the month reaches). */
  readonly mode: 'Graduated' | 'Volume';
  /**
   * steps are the prices, rising by upToSeconds.
   * @minItems 1
   * @maxItems 10
   * @listType atomic
   */
  readonly steps: readonly PriceStep[];
}

/** PriceStep is the price of a part of the month's quantity. */
export interface PriceStep {
  /** upToSeconds is the last GPU-second of the step; the last step has none. */
  readonly upToSeconds?: GPUSeconds;
  /** perHour is the price of one hour of one unit. */
  readonly perHour: Money;
}

/** SKUMatch selects allocations. */
export interface SKUMatch {
  /** model is the product label of GPU Feature Discovery, for example NVIDIA-H100-80GB-HBM3. */
  readonly model: LabelValue;
  /**
   * profile is full for a whole GPU, the MIG profile (1g.10gb) for a slice, ts followed by the replicas (ts4) for a shared slot.
   * @default "full"
   * @minLength 1
   * @maxLength 32
   * @pattern ^[a-z0-9][a-z0-9.+]*$
   */
  readonly profile?: string;
}

/** PriceBookStatus tells whether the version is in force. */
export interface PriceBookStatus extends CommonStatus {
  /**
   * skuCount is the number of SKUs.
   * @min 0
   */
  readonly skuCount?: Int32;
}
