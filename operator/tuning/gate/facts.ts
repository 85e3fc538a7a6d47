import type { Device } from '../telemetry/devices.ts';

/** What the gate knows of one target when it decides whether its telemetry can be trusted. Times in milliseconds. */
export interface GateFacts {
  readonly now: number;
  readonly windowSeconds: number;
  readonly maxStalenessSeconds: number;
  readonly minCoveragePercent: number;
  /** 0 for raw samples, else the seconds that one point stands for. */
  readonly resolutionSeconds: number;
  /** GPUs or MIG instances that the pod holds. */
  readonly devicesExpected: number;
  /** Whether it asked for MIG instances. */
  readonly asksMig: boolean;
  /** Whether its node lets several pods share one GPU (time-slicing, MPS). */
  readonly sharedNode: boolean;
  /** Framebuffer of the whole GPU in MiB by GPU Feature Discovery, where known. */
  readonly memoryMiB?: number;
  /** Idle-with-context power of the model in watts, where learned. */
  readonly idleWatts?: number;
  readonly devices: readonly Device[];
}

/** Why telemetry is refused: a stable reason and a sentence without moving numbers. */
export interface Finding {
  readonly reason: GateReason;
  readonly message: string;
}

/** The reasons of the gate; they appear in the condition TelemetryReady and in metrics. */
export type GateReason =
  | 'NoMetrics'
  | 'StaleMetrics'
  | 'MissingDevices'
  | 'DuplicateSeries'
  | 'MigAggregated'
  | 'SharedDevice'
  | 'UnitMismatch'
  | 'ShortHistory'
  | 'LowCoverage'
  | 'UtilOnly'
  | 'FrozenSeries'
  | 'ContradictsPower';

/** One rule of the gate. */
export type Rule = (facts: GateFacts) => Finding | undefined;
