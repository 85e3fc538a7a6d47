import { hold, release } from './hold.ts';
import { createPlanner, type Planner, placeGang, unplace } from './place.ts';
import { createSnapshot } from './snapshot.ts';
import type { Gang, Holding, Placement, Quota, Tenancy } from './types.ts';

/** The place that the first gang without room is expected to find, which those behind it must not take. */
export interface HeadPlace {
  readonly gang: Gang;
  /** When it is expected to be free, in milliseconds since the epoch. */
  readonly at: number;
  /** Whether a gang that was just placed would be in its way; if not, it counts from then on. */
  readonly isTakenBy: (gang: Gang, placed: readonly Placement[]) => boolean;
}

/** A pod that holds room, and when it is expected to end. */
export interface Ending {
  readonly holding: Holding;
  /** Milliseconds since the epoch; Infinity where nothing is known. */
  readonly end: number;
}

/**
 * When and where a gang that has no room now is expected to start: what holds room ends one after the other, each at its
 * p90, until the gang fits. Undefined where it never does by what is known, or where not room but `quotas` is missing.
 */
export function headPlace(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  { now }: Pick<Tenancy, 'now'>,
  held: readonly Ending[],
): HeadPlace | undefined {
  if (fits(planner, gang)) return undefined;
  const { snapshot } = planner;
  const later = createPlanner(createSnapshot(snapshot.nodes), { name: 'best-fit', typical: [] });
  for (const { holding } of held) hold(later.snapshot, holding);
  const ending = held
    .filter(({ end }) => end !== Number.POSITIVE_INFINITY)
    .map(({ holding, end }) => ({ key: holding.key, end: Math.max(end, now) }))
    .sort((left, right) => left.end - right.end || (left.key < right.key ? -1 : 1));
  const at = firstFit(later, gang, quotas, ending);
  if (at === undefined) return undefined;
  return {
    gang,
    at,
    isTakenBy: (other, places) => {
      if (endOf(other, now) <= at) return false;
      for (const holding of holdingsOf(other, places)) hold(later.snapshot, holding);
      if (fits(later, gang)) return false;
      for (const { member } of places) release(later.snapshot, member);
      return true;
    },
  };
}

/** When a gang that starts now is expected to end, by its p90; Infinity where nothing is known. */
export function endOf({ runs }: Gang, now: number): number {
  return runs === undefined ? Number.POSITIVE_INFINITY : now + runs.p90;
}

/** What a placed gang holds. */
export function holdingsOf(gang: Gang, places: readonly Placement[]): readonly Holding[] {
  const members = new Map(gang.members.map((member) => [member.key, member]));
  return places.flatMap(({ member, node, gpuIndexes, instead }) => {
    const asked = members.get(member);
    return asked === undefined
      ? []
      : [{ ...asked, node, tenant: gang.tenant, gpuIndexes, ...(instead && { gpus: instead }) }];
  });
}

function firstFit(
  later: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  ending: readonly { readonly key: string; readonly end: number }[],
): number | undefined {
  for (const [at, { key, end }] of ending.entries()) {
    release(later.snapshot, key);
    if (ending[at + 1]?.end === end) continue;
    if (fits(later, gang, quotas)) return end;
  }
  return undefined;
}

function fits(planner: Planner, gang: Gang, quotas: readonly Quota[] = []): boolean {
  const placed = placeGang(planner, gang, quotas);
  if (placed === undefined) return false;
  unplace(planner.snapshot, placed);
  return true;
}
