import type { Chooser } from './choose.ts';
import type { Eligibility } from './eligible.ts';
import type { NodeKinds } from './kinds.ts';
import type { Snapshot } from './snapshot.ts';

/** A snapshot with a policy and its memories; keep it between plans so that only what changed is scored again. */
export interface Planner {
  readonly snapshot: Snapshot;
  readonly chooser: Chooser;
  readonly eligibility: Eligibility;
  /** Kinds of node, made when something must be explained. */
  kinds?: NodeKinds;
}
