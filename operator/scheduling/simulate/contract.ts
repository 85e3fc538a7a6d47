import type { NodeFacts, PolicyName } from '../planner/index.ts';
import type { ModeName } from './modes.ts';
import type { TracePod } from './openb.ts';

/** What to simulate. */
export interface SimulateOptions {
  readonly nodes: readonly NodeFacts[];
  readonly pods: readonly TracePod[];
  readonly policy: PolicyName;
  readonly mode: ModeName;
  /** Pods of a window in mode window; 64 unless given. */
  readonly window?: number;
  /** Demand to arrive as a multiple of the GPU capacity. */
  readonly load: number;
  /** Settles the order of pods and of ties; one seed gives one pod order to every policy. */
  readonly seed: number;
  /** A monotonic clock in microseconds, for the decision times. */
  readonly clock: () => number;
}

/** The JSON contract of `gpuopt simulate schedule`. Ratios are fractions 0..1, keyed by arrived load. */
export interface SimulateResult {
  readonly policy: PolicyName;
  readonly mode: ModeName;
  readonly seed: number;
  readonly nodes: number;
  readonly gpus: number;
  /** Pods submitted, and of these refused. */
  readonly pods: number;
  readonly allocatedRatio: Readonly<Record<string, number>>;
  readonly fragRatio: Readonly<Record<string, number>>;
  readonly decisionMicros: { readonly p50: number; readonly p99: number };
  /** Milliseconds spent deciding, all pods together. */
  readonly planMillis: number;
  readonly migrations: number;
  readonly unscheduled: number;
}
