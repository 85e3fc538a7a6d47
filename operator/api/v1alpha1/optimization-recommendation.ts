import type {
  CommonStatus,
  Currency,
  CustomResource,
  GPUSeconds,
  Int32,
  Label,
  Money,
  Name,
  Percent,
  Ref,
  Seconds,
} from '../common.ts';

/**
 * OptimizationRecommendation proposes one change for one workload, with the evidence. Nothing is changed by it.
 * @resource plural=optimizationrecommendations singular=optimizationrecommendation shortNames=gorec categories=gpuopt scope=Namespaced
 * @column Name=Lever type=string path=.spec.lever description="What kind of change"
 * @column Name=Target type=string path=.spec.targetRef.name description="The workload"
 * @column Name=Saves type=string path=.spec.predicted.moneyPerMonth description="Money per 30 days"
 * @column Name=Currency type=string path=.spec.predicted.currency description="ISO 4217 code"
 * @column Name=Ready type=string path=.status.conditions[?(@.type=="Ready")].status description="Whether the proposal still holds"
 * @column Name=Reason type=string path=.status.conditions[?(@.type=="Ready")].reason description="Why"
 * @column Name=Age type=date path=.metadata.creationTimestamp description="Time since creation"
 * @column Name=Sentence type=string path=.spec.reason priority=1 description="The proposal in one sentence"
 * @condition Ready=True Proposed -- the proposal holds; nothing has been changed
 * @condition EvidenceFresh=True EvidenceFresh -- the policy still sees the telemetry that the proposal rests on
 * @condition EvidenceFresh=Unknown NotJudgedYet -- the policy has not judged its telemetry yet
 * @condition EvidenceFresh=False StaleMetrics -- the policy cannot trust its telemetry; the reason is that of its condition TelemetryReady
 */
export interface OptimizationRecommendation
  extends CustomResource<OptimizationRecommendationSpec, OptimizationRecommendationStatus> {}

/**
 * OptimizationRecommendationSpec is the proposal; another proposal is another object.
 * @rule self == oldSelf -- spec is immutable: a changed proposal is a new OptimizationRecommendation
 */
export interface OptimizationRecommendationSpec {
  /** policyRef names the OptimizationPolicy that found it. */
  readonly policyRef: Ref;
  /** targetRef names the workload. */
  readonly targetRef: TargetRef;
  /** lever is the kind of change. */
  readonly lever: 'Idle';
  /**
   * current is what is, in a few words.
   * @maxLength 256
   */
  readonly current: string;
  /**
   * proposed is what should be, in a few words.
   * @maxLength 256
   */
  readonly proposed: string;
  /** evidence is what the proposal rests on. */
  readonly evidence: Evidence;
  /** predicted is what it would save. */
  readonly predicted: Predicted;
  /**
   * reason is the proposal in one sentence.
   * @maxLength 1024
   */
  readonly reason: string;
}

/** TargetRef names a workload of the same namespace. */
export interface TargetRef {
  /**
   * apiVersion is the API version of the workload.
   * @minLength 1
   * @maxLength 253
   */
  readonly apiVersion: string;
  /**
   * kind is the kind of the workload.
   * @minLength 1
   * @maxLength 63
   */
  readonly kind: string;
  /** name is its name. */
  readonly name: Name;
  /**
   * uid is its uid, so that a namesake is not meant.
   * @minLength 1
   * @maxLength 63
   */
  readonly uid: string;
}

/** Evidence is what was measured. */
export interface Evidence {
  /**
   * queries are the PromQL queries that were asked.
   * @maxItems 8
   * @items.maxLength 2048
   * @listType atomic
   */
  readonly queries: readonly string[];
  /** windowSeconds is the span they looked at. */
  readonly windowSeconds: Seconds;
  /**
   * samples is the number of samples found.
   * @min 0
   */
  readonly samples: Int32;
  /** coveragePercent is their share of what was expected. */
  readonly coveragePercent: Percent;
  /**
   * observations are the measured values by name.
   * @maxItems 16
   * @listType map
   * @listKey name
   */
  readonly observations: readonly Observation[];
}

/** Observation is one measured value. */
export interface Observation {
  /** name says what was measured. */
  readonly name: Label;
  /**
   * value is the value as a decimal string.
   * @maxLength 64
   */
  readonly value: string;
  /**
   * unit is its unit.
   * @maxLength 32
   */
  readonly unit: string;
}

/** Predicted is the saving. */
export interface Predicted {
  /** gpuSecondsPerMonth is the GPU time it would free in 30 days. */
  readonly gpuSecondsPerMonth: GPUSeconds;
  /** moneyPerMonth is what that time is worth, where the policy has prices. */
  readonly moneyPerMonth?: Money;
  /** currency is the currency of moneyPerMonth. */
  readonly currency?: Currency;
}

/** OptimizationRecommendationStatus tells whether the proposal still holds. */
export interface OptimizationRecommendationStatus extends CommonStatus {}
