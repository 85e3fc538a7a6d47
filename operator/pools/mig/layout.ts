import type { MigModel, ProfileShape } from './geometry.ts';
import { parseMigProfile, profileShape } from './profile.ts';

/** Where each device of a layout may sit on one GPU. */
export interface SlotPlacement {
  readonly profile: string;
  readonly start: number;
}

/**
 * A placement of `counts` (by profile name) on one GPU, or undefined when there is none: slots must not overlap,
 * compute must not exceed the GPU and no profile its maximum. Unknown profiles and models without known placements
 * have none. Large profiles are placed first and small ones from the far end, which keeps slot 0 free the longest.
 */
export function placeLayout(
  model: MigModel,
  counts: Readonly<Record<string, number>>,
): readonly SlotPlacement[] | undefined {
  const wanted: { profile: string; shape: ProfileShape }[] = [];
  for (const [name, count] of Object.entries(counts)) {
    const profile = parseMigProfile(name);
    const shape = profile === undefined ? undefined : profileShape(model, profile);
    if (shape === undefined || count > shape.max) return undefined;
    for (let device = 0; device < count; device++) wanted.push({ profile: name, shape });
  }
  const compute = wanted.reduce((sum, { shape }) => sum + shape.compute, 0);
  if (compute > model.geometry.computeSlices) return undefined;
  wanted.sort(
    (left, right) => right.shape.memorySlots - left.shape.memorySlots || right.shape.compute - left.shape.compute,
  );
  return search(wanted, 0, []);
}

function search(
  wanted: readonly { profile: string; shape: ProfileShape }[],
  used: number,
  placed: readonly SlotPlacement[],
): readonly SlotPlacement[] | undefined {
  const next = wanted[placed.length];
  if (next === undefined) return placed;
  for (const start of [...next.shape.starts].reverse()) {
    const mask = ((1 << next.shape.memorySlots) - 1) << start;
    if ((used & mask) !== 0) continue;
    const found = search(wanted, used | mask, [...placed, { profile: next.profile, start }]);
    if (found !== undefined) return found;
  }
  return undefined;
}
