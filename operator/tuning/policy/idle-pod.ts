import type { IdleObservation } from '../levers/idle.ts';
import type { Target } from './targets.ts';

/** An idle pod of a workload with what was seen of it. */
export interface IdlePod {
  readonly target: Target;
  readonly seen: IdleObservation;
}
