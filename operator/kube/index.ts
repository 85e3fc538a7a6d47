/** Built-in kinds, quantities, selectors, owner references, units of time. */
export { hours, minutes, seconds } from './duration.ts';
export * from './kinds.ts';
export { apiVersionOf, controllerOf, controllerReference, keyText } from './owner.ts';
export { bytes, count, milliCpu, QuantityError } from './quantity.ts';
export { type LabelSelectorLike, matchesSelector } from './selector.ts';
export type { KindToken, Meta, OwnerReference, Resource, Wire } from './wire.ts';
