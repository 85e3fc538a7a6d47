/** Who held which GPU from when to when: intervals, sealed usage windows. */
export { TENANT_LABEL } from '../pools/index.ts';
export { type Period, periodOf } from './gpu-hours/period.ts';
export { readSeen } from './repository.ts';
export { meteringRoom } from './room.ts';
export { type Corrected, correct, readTotal } from './sealing/correct.ts';
export { restate } from './sealing/restate.ts';
export type { SealedUsage } from './sealing/write.ts';
export { meterOf } from './sku.ts';
export { apportion } from './split/apportion.ts';
export { energyOf } from './split/energy.ts';
export { type IdlePolicy, idleOf } from './split/idle.ts';
export { daysOf, readUse, type WindowUse } from './split/read.ts';
export type { Mismatch } from './verify/mismatch.ts';
export { verifyUsage } from './verify/verify.ts';
