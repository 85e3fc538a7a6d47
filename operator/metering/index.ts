/** Who held which GPU from when to when: intervals, sealed usage windows. */
export { meteringRoom } from './room.ts';
export { restate } from './sealing/restate.ts';
export type { SealedUsage } from './sealing/write.ts';
