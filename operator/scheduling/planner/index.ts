/** @module The planner: pure, one code path for the controller, `gpuopt why` and `gpuopt simulate`. */
export { byPriorityThenAge } from './order.ts';
export type * from './types.ts';
export { BLOCKERS, MILLI_PER_GPU, POLICY_NAMES, WHOLE_GPU } from './types.ts';
