import { findMigModel, parseMigProfile, profileShape } from './profile.ts';

/**
 * The exact part of a GPU that one MIG device is: the greater of its memory slots and its compute slices. A compute
 * instance counts as its part of the GPU instance. Undefined where the model or its profile is not in the tables.
 */
export function migShare(product: string, name: string): { readonly num: number; readonly den: number } | undefined {
  const model = findMigModel(product);
  const profile = parseMigProfile(name);
  const shape = model === undefined || profile === undefined ? undefined : profileShape(model, profile);
  if (model === undefined || profile === undefined || shape === undefined) return undefined;
  const { computeSlices, memorySlots } = model.geometry;
  const byMemory = shape.memorySlots * computeSlices >= shape.compute * memorySlots;
  const whole = byMemory ? { num: shape.memorySlots, den: memorySlots } : { num: shape.compute, den: computeSlices };
  const { computeInstance, compute } = profile;
  return computeInstance === undefined ? whole : { num: whole.num * computeInstance, den: whole.den * compute };
}
