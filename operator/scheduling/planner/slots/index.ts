/** @module MIG slots: where on a GPU a profile starts, and on which GPU. */
export {
  createSlotFleet,
  freeSets,
  freeSlots,
  placeSlots,
  releaseSlots,
  type SlotNode,
  type SlotPod,
} from './fleet.ts';
export { createSlotPolicy, SLOT_POLICIES, type SlotGeometry, type SlotPolicyName } from './policies.ts';
