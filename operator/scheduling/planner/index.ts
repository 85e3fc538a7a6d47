/** @module The planner: pure, one code path for the controller, `gpuopt why` and `gpuopt simulate`. */
export { meets, repellingTaint } from './eligible.ts';
export { explainGang } from './explain.ts';
export { createMeasure, fragmentedMilli } from './fragmentation.ts';
export { hold } from './hold.ts';
export { createKeeper, type Keeper } from './keeper.ts';
export { learnArrival } from './learn.ts';
export { planMoves } from './moves.ts';
export { byPriorityThenAge } from './order.ts';
export { createPlanner, type Planner, placeMember } from './place.ts';
export { plan, planQueue } from './plan.ts';
export { type Random, seededRandom, shuffled } from './random.ts';
export { countShapes, typicalShapes } from './shapes.ts';
export { createSlotFleet, freeSets, placeSlots, type SlotPod } from './slots/fleet.ts';
export { createSlotPolicy, SLOT_POLICIES, type SlotGeometry, type SlotPolicyName } from './slots/policies.ts';
export { createSnapshot } from './snapshot.ts';
export type * from './types.ts';
export { BLOCKERS, MILLI_PER_GPU, POLICY_NAMES, WHOLE_GPU } from './types.ts';
export { placeWindow } from './window.ts';
