import { eligibleNodes, type Relaxed } from './eligible.ts';
import { type Planner, placeGang, unplace } from './place.ts';
import type { Gang, Placement, Quota } from './types.ts';

/**
 * Where a gang that does not fit would go with some rules left out; the snapshot is afterwards as before. Undefined
 * without a try where the rules left out keep nothing from this gang.
 */
export function tryGang(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  relaxed: Relaxed,
): readonly Placement[] | undefined {
  if (!matters(planner, gang, quotas, relaxed)) return undefined;
  const placed = placeGang(planner, gang, quotas, relaxed);
  if (placed !== undefined) unplace(planner.snapshot, placed);
  return placed;
}

function matters(planner: Planner, gang: Gang, quotas: readonly Quota[], relaxed: Relaxed): boolean {
  if (relaxed.quota === true && quotas.some(({ tenant }) => tenant === gang.tenant)) return true;
  if (relaxed.topology === true && gang.members.some(({ near }) => near?.required !== undefined)) return true;
  if (relaxed.health !== true && relaxed.constraint !== true) return false;
  return gang.members.some((member) => {
    const strict = eligibleNodes(planner.eligibility, member);
    const lifted = eligibleNodes(planner.eligibility, member, relaxed);
    return strict.some((bit, node) => bit !== lifted[node]);
  });
}
