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
 * @condition Ready=True Recommending -- idle GPUs are recommended to be given back
 * @condition Ready=True Observing -- idle GPUs are counted, nothing is recommended
 * @condition TelemetryReady=True Trusted -- the series of every target pass the quality gate
 * @condition TelemetryReady=True PartlyTrusted -- some targets are left out; the message says why
 * @condition TelemetryReady=Unknown NoTargets -- no selected pod holds a GPU and runs
 * @condition TelemetryReady=Unknown NothingToJudge -- every target is younger than the window, or kept by its owner
 * @condition TelemetryReady=False NoMetrics -- no series were found, or the operator knows no Prometheus
 * @condition TelemetryReady=False StaleMetrics -- the newest sample is older than telemetry.maxStalenessSeconds
 * @condition TelemetryReady=False MissingDevices -- not every GPU of the pod has series
 * @condition TelemetryReady=False DuplicateSeries -- one GPU has several series, as from two exporters
 * @condition TelemetryReady=False MigAggregated -- the series are of the whole GPU, the pod holds a MIG instance
 * @condition TelemetryReady=False SharedDevice -- several pods share the GPU, so its numbers are nobody's own
 * @condition TelemetryReady=False UnitMismatch -- the values are not in the unit that the metric promises
 * @condition TelemetryReady=False ShortHistory -- the series do not reach back over the window
 * @condition TelemetryReady=False LowCoverage -- fewer samples than telemetry.minCoveragePercent asks
 * @condition TelemetryReady=False UtilOnly -- only the coarse utilization is there, which says busy for one kernel
 * @condition TelemetryReady=False FrozenSeries -- the values do not move as those of a living exporter do
 * @condition TelemetryReady=False ContradictsPower -- the GPU draws power as one that works
 * @condition TelemetryReady=False PrometheusUnreachable -- Prometheus cannot be reached
 * @condition TelemetryReady=False PrometheusTimeout -- Prometheus did not answer in time
 * @condition TelemetryReady=False PrometheusOverloaded -- Prometheus is starting or overloaded
 * @condition TelemetryReady=False PrometheusRefused -- Prometheus refused the query
 * @condition TelemetryReady=False ResponseMalformed -- the answer is not one of Prometheus' HTTP API
 * @event Normal GPUIdle -- on a pod: its GPUs are not used; a recommendation says more
 * @event Normal RecommendationWithdrawn -- a recommendation was taken back, and why
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
