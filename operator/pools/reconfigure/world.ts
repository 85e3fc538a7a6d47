import type { Node, Pod } from '../../kube/index.ts';
import type { NodeRecord, Operation } from './operation.ts';

/** A pod that holds GPUs of a node, or was promised some and is not bound yet. */
export interface HolderFacts {
  /** As read from the cache; evictions name its uid and version. */
  readonly pod: Pod;
  /** `namespace/name`. */
  readonly key: string;
  /** Names of the resources that it holds. */
  readonly resources: readonly string[];
  /** Why it must not be evicted; undefined when it may be. */
  readonly keep?: string;
  readonly leaving: boolean;
  /** Minutes since it was bound: the work that is lost with it. */
  readonly minutes: number;
}

/** What a step sees of its node. */
export interface NodeWorld {
  readonly node: Node;
  readonly ready: boolean;
  readonly unschedulable: boolean;
  /** Another actor that is about to do something with the node; undefined when there is none. */
  readonly owner?: string;
  readonly holders: readonly HolderFacts[];
  /** The components that mig-manager waits for and that are still there, in its order. */
  readonly operands: readonly string[];
}

/** How careful steps are. */
export interface StepPolicy {
  readonly drainTimeoutSeconds: number;
  readonly wedgeAfterSeconds: number;
  readonly drainUncertain: boolean;
}

/** What every step is given. */
export interface StepInput {
  readonly operation: Operation;
  readonly world: NodeWorld;
  readonly record: NodeRecord;
  readonly policy: StepPolicy;
  readonly now: Date;
}
