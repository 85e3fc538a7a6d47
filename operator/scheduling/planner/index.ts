/** @module The planner: pure, one code path for the controller, `gpuopt why` and `gpuopt simulate`. */

export { boundsOfAll, createPoolsOf } from './admission.ts';
export type { Movable } from './clearing.ts';
export { countDevices, createDeviceRoom, type DeviceRoomFacts } from './device-room.ts';
export { meets, repellingTaint } from './eligible.ts';
export { explainGang } from './explain.ts';
export { createMeasure, fragmentedMilli } from './fragmentation.ts';
export { hold, release } from './hold.ts';
export { createKeeper, type Keeper } from './keeper.ts';
export { learn, learnArrival, settle } from './learn.ts';
export { makeRoom, type RoomMade } from './make-room.ts';
export { planMoves } from './moves.ts';
export { holdFor } from './nominees.ts';
export { placeOffline } from './offline/offline.ts';
export { byPriorityThenAge, STARTED_PRIORITY } from './order.ts';
export { createPlanner, type Planner, placeGang, placeMember } from './place.ts';
export { type PlanRequest, plan, planQueue } from './plan.ts';
export { type Preemption, planPreemption } from './preempt.ts';
export { type Random, seededRandom, shuffled } from './random.ts';
export { countShapes, typicalShapes } from './shapes.ts';
export { costOf, decayed, keyOf, NOTHING, sum } from './shares.ts';
export { createSlotCeiling } from './slots/ceiling.ts';
export {
  createSlotFleet,
  freeSets,
  placeSlots,
  releaseSlots,
  type SlotPlacement,
} from './slots/fleet.ts';
export { createSlotPolicy, SLOT_POLICIES, type SlotPolicyName } from './slots/policies.ts';
export type { SlotGeometry, SlotPod } from './slots/types.ts';
export { createSnapshot, type Snapshot } from './snapshot.ts';
export type * from './types.ts';
export { BLOCKERS, MILLI_PER_GPU, POLICY_NAMES, WHOLE_GPU } from './types.ts';
export { placeWindow, planWindow } from './window.ts';
