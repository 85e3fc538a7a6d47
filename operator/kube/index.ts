/** Built-in kinds, quantities, selectors, owner references, units of time. */
export { asksForGpus } from './asks-for-gpus.ts';
export * from './dra.ts';
export { seconds } from './duration.ts';
export * from './kinds.ts';
export { controllerOf, keyText } from './owner.ts';
export { bytes, count, milliCpu, QuantityError } from './quantity.ts';
export { matchesSelector } from './selector.ts';
export type { KindToken, Meta } from './wire.ts';
