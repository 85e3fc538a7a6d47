/** Who held which GPU from when to when: intervals, sealed usage windows. */
export { type MeteringDeps, MeteringOptionError, meteringRoom } from './room.ts';
export type { OnSealed } from './sealing/sealer.ts';
export type { SealedUsage } from './sealing/write.ts';
