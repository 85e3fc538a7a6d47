import { explainWaiting } from './explain.ts';
import { createMeasure, fragmentedMilli } from './fragmentation.ts';
import { hold } from './hold.ts';
import { createPlanner, type Planner, placeGang } from './place.ts';
import { typicalShapes } from './shapes.ts';
import { createSnapshot } from './snapshot.ts';
import type { Gang, Placement, PlanInput, PlanNumbers, PlanOutput, PlanPolicy } from './types.ts';

/** What one pass over the queue needs besides the planner itself. */
export type PlanRequest = Pick<PlanInput, 'queue' | 'quotas' | 'explain' | 'policy'>;

/**
 * Plans a queue from scratch: same input, same plan. A gang that waits does not stop those behind it. Nothing is ever
 * placed beyond what a node offers or a quota allows.
 */
export function plan(input: PlanInput): PlanOutput {
  const snapshot = createSnapshot(input.nodes, input.policy.seed);
  for (const holding of input.held) hold(snapshot, holding);
  return planQueue(createPlanner(snapshot, input.policy), input);
}

/**
 * Plans a queue on a planner that lives on: what is placed stays held in its snapshot under the members' keys, until
 * the caller gives it back with `release`.
 */
export function planQueue(planner: Planner, request: PlanRequest): PlanOutput {
  const place: Placement[] = [];
  const waiting: Gang[] = [];
  let placedGangs = 0;
  for (const gang of request.queue) {
    const placed = gang.heldBack === undefined ? placeGang(planner, gang, request.quotas) : undefined;
    if (placed === undefined) {
      waiting.push(gang);
      continue;
    }
    placedGangs++;
    place.push(...placed);
  }
  const counts: Counts = {
    placedGangs,
    placedPods: place.length,
    waitingGangs: waiting.length,
    waitingPods: waiting.reduce((sum, gang) => sum + gang.members.length, 0),
  };
  return {
    place,
    waiting: explainWaiting(planner, waiting, request),
    numbers: numbersOf(planner, request.policy, counts),
  };
}

type Counts = Pick<PlanNumbers, 'placedGangs' | 'placedPods' | 'waitingGangs' | 'waitingPods'>;

function numbersOf(planner: Planner, policy: PlanPolicy, counts: Counts): PlanNumbers {
  const { snapshot } = planner;
  const idle = snapshot.idleMilli.reduce((sum, each) => sum + each, 0);
  const measure = createMeasure(snapshot, typicalShapes(policy.typical));
  const fragmented = policy.typical.length === 0 ? 0 : Math.round(fragmentedMilli(measure, snapshot));
  return {
    ...counts,
    capacityMilli: snapshot.capacityMilli,
    allocatedMilli: snapshot.capacityMilli - idle,
    fragmentedMilli: fragmented,
    fragRatio: idle === 0 ? 0 : fragmented / idle,
  };
}
