import { admissions, boundsOfAll } from './admission.ts';
import { placeBeside } from './beside.ts';
import { explainWaiting } from './explain.ts';
import { createMeasure, fragmentedMilli } from './fragmentation.ts';
import { createGuard } from './guard.ts';
import { hold } from './hold.ts';
import { placeNominees } from './nominees.ts';
import { createPlanner, type Planner } from './place.ts';
import { typicalShapes } from './shapes.ts';
import { createSnapshot } from './snapshot.ts';
import type { HeldBack, Placement, PlanInput, PlanNumbers, PlanOutput, PlanPolicy } from './types.ts';

/** What one pass over the queue needs besides the planner itself. */
export type PlanRequest = Pick<PlanInput, 'queue' | 'quotas' | 'tenancy' | 'nominees' | 'explain' | 'policy'> &
  Partial<Pick<PlanInput, 'held'>>;

/** Where gangs of a queue went, and those that were refused a place, by key. */
interface PlacedQueue {
  readonly placed: ReadonlyMap<string, readonly Placement[]>;
  readonly refused: ReadonlyMap<string, HeldBack>;
}

/**
 * Plans a queue from scratch: same input, same plan. A gang that waits does not stop those behind it. Nothing is ever
 * placed beyond what a node offers or a quota allows.
 */
export function plan(input: PlanInput): PlanOutput {
  const snapshot = createSnapshot(input.nodes, input.policy.seed);
  for (const holding of input.held) hold(snapshot, holding);
  return planQueue(createPlanner(snapshot, input.policy), input);
}

/** Places what it can of a queue, and holds it in the planner's snapshot under the members' keys. */
export function placeQueue(planner: Planner, request: PlanRequest): PlacedQueue {
  const guard = createGuard(planner, request);
  const nominated = placeNominees(planner, request);
  const placed = new Map<string, readonly Placement[]>(nominated.placed);
  const refused = new Map<string, HeldBack>(nominated.waiting);
  const ready = request.queue.filter(
    ({ key, heldBack }) => heldBack === undefined && !placed.has(key) && !refused.has(key),
  );
  for (const attempt of admissions(planner, { ...request, queue: ready })) {
    const { gang } = attempt;
    const found = placeBeside(planner, gang, attempt.quotas, (places) => guard.refuses(gang, places, attempt.borrows));
    if (found.placed !== undefined) placed.set(gang.key, found.placed);
    else if (found.refused !== undefined) refused.set(gang.key, found.refused.heldBack);
    else guard.waits(attempt);
  }
  return { placed, refused };
}

/**
 * Plans a queue on a planner that lives on: what is placed stays held in its snapshot under the members' keys, until
 * the caller gives it back with `release`.
 */
export function planQueue(planner: Planner, request: PlanRequest): PlanOutput {
  const { placed, refused } = placeQueue(planner, request);
  const place = [...placed.values()].flat();
  const waiting = request.queue
    .filter(({ key }) => !placed.has(key))
    .map((gang) => ({ ...gang, heldBack: gang.heldBack ?? refused.get(gang.key) }));
  const counts: Counts = {
    placedGangs: placed.size,
    placedPods: place.length,
    waitingGangs: waiting.length,
    waitingPods: waiting.reduce((sum, gang) => sum + gang.members.length, 0),
  };
  return {
    place,
    waiting: explainWaiting(planner, waiting, { ...request, quotas: boundsOfAll(planner, request) }),
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
