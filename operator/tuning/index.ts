/** What could run on less, with the evidence. */
export { type TuningDeps, tuningRoom } from './room.ts';
