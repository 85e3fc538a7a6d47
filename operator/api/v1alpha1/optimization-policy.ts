import type {
  CommonStatus,
  Currency,
  CustomResource,
  GPUSeconds,
  Int32,
  LabelSelector,
  LabelValue,
  Money,
  Percent,
  Seconds,
} from '../common.ts';

/**
 * OptimizationPolicy says which pods of its namespace are looked at for waste, and how careful to be.
 * @resource plural=optimizationpolicies singular=optimizationpolicy shortNames=gopol categories=gpuopt scope=Namespaced
 * @column Name=Mode type=string path=.spec.mode description="Observe or Recommend"
 * @column Name=Targets type=integer path=.status.targets description="GPU pods the policy selects"
 * @column Name=Recommendations type=integer path=.status.recommendations description="Open recommendations"
 * @column Name=Telemetry type=string path=.status.conditions[?(@.type=="TelemetryReady")].status description="Whether the telemetry can be trusted"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether this generation is in force"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Message type=string path=.status.conditions[?(@.type=="Ready")].message priority=1 description="Details"
 */
export interface OptimizationPolicy extends CustomResource<OptimizationPolicySpec, OptimizationPolicyStatus> {}

/** OptimizationPolicySpec says what to look for and how sure to be. */
export interface OptimizationPolicySpec {
  /**
   * mode is Observe (only count) or Recommend (write OptimizationRecommendations); neither changes a workload.
   * @default "Recommend"
   */
  readonly mode?: 'Observe' | 'Recommend';
  /** podSelector narrows the pods; without it every GPU pod of the namespace counts. */
  readonly podSelector?: LabelSelector;
  /**
   * telemetry says when metrics are good enough to act on.
   * @default {}
   */
  readonly telemetry?: TelemetryGate;
  /**
   * idle finds GPUs that are held and not used.
   * @default {}
   */
  readonly idle?: IdleLever;
  /** prices turn saved GPU time into money; without them a recommendation states GPU-seconds only. */
  readonly prices?: PriceList;
}

/** TelemetryGate says when metrics are good enough. */
export interface TelemetryGate {
  /**
   * maxStalenessSeconds is the greatest age of the newest sample.
   * @min 15
   * @max 3600
   * @default 180
   */
  readonly maxStalenessSeconds?: Seconds;
  /**
   * minCoveragePercent is the least share of the expected samples in the window.
   * @default 90
   */
  readonly minCoveragePercent?: Percent;
}

/** IdleLever finds idle GPUs. */
export interface IdleLever {
  /**
   * belowPercent is the engine activity below which a GPU counts as idle, at every sample of the window.
   * @min 1
   * @max 20
   * @default 1
   */
  readonly belowPercent?: Int32;
  /**
   * windowSeconds is how long a GPU must have been idle.
   * @min 60
   * @max 604800
   * @default 1800
   */
  readonly windowSeconds?: Seconds;
}

/** PriceList is what a GPU-hour is worth. */
export interface PriceList {
  /** currency is the currency of all prices. */
  readonly currency: Currency;
  /**
   * gpuHours are prices by GPU model.
   * @minItems 1
   * @maxItems 64
   * @listType map
   * @listKey model
   */
  readonly gpuHours: readonly ModelPrice[];
}

/** ModelPrice is the price of one GPU-hour of one model. */
export interface ModelPrice {
  /** model is the product label of GPU Feature Discovery. */
  readonly model: LabelValue;
  /** perHour is the price of one hour of one whole GPU. */
  readonly perHour: Money;
}

/** OptimizationPolicyStatus tells what was found. */
export interface OptimizationPolicyStatus extends CommonStatus {
  /**
   * targets is the number of GPU pods that the policy selects.
   * @min 0
   */
  readonly targets?: Int32;
  /**
   * idleTargets is the number of targets found idle.
   * @min 0
   */
  readonly idleTargets?: Int32;
  /**
   * recommendations is the number of open recommendations.
   * @min 0
   */
  readonly recommendations?: Int32;
  /** predictedGpuSecondsPerMonth is what the open recommendations would free in 30 days. */
  readonly predictedGpuSecondsPerMonth?: GPUSeconds;
}
