import type { Relaxed } from './eligible.ts';
import { type Planner, placeGang, unplace } from './place.ts';
import type { Gang, Placement, Quota } from './types.ts';

/** Where a gang would go with some rules left out; the snapshot is afterwards as before. */
export function tryGang(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  relaxed?: Relaxed,
): readonly Placement[] | undefined {
  const placed = placeGang(planner, gang, quotas, relaxed);
  if (placed !== undefined) unplace(planner.snapshot, placed);
  return placed;
}
