import { boundsOfAll } from './admission.ts';
import { hold } from './hold.ts';
import { type Planner, placeGang } from './place.ts';
import type { Gang, HeldBack, Nominee, Placement, PlanInput } from './types.ts';

/** What became of gangs for which others were evicted. */
export interface Nominated {
  readonly placed: ReadonlyMap<string, readonly Placement[]>;
  readonly waiting: ReadonlyMap<string, HeldBack>;
}

/**
 * Plans gangs for which others were evicted before all else: they take their place as soon as it is free, wherever that
 * is. Until then the free room of the nodes that were cleared for them is held, so that nobody else takes it.
 */
export function placeNominees(
  planner: Planner,
  request: Pick<PlanInput, 'queue' | 'quotas' | 'tenancy' | 'nominees'>,
): Nominated {
  const placed = new Map<string, readonly Placement[]>();
  const waiting = new Map<string, HeldBack>();
  const gangs = new Map(request.queue.map((gang) => [gang.key, gang]));
  for (const nominee of request.nominees ?? []) {
    const gang = gangs.get(nominee.gang);
    if (gang === undefined || gang.heldBack !== undefined) continue;
    const places = placeGang(planner, gang, boundsOfAll(planner, { ...request, queue: [gang] }));
    if (places !== undefined) {
      placed.set(gang.key, places);
      continue;
    }
    holdFor(planner, gang, nominee);
    waiting.set(gang.key, waitsFor(nominee));
  }
  return { placed, waiting };
}

/** Holds what is free of a gang's place; the rest is held by those who leave. */
export function holdFor({ snapshot }: Planner, gang: Gang, { nodes }: Nominee): void {
  for (const member of gang.members) {
    const node = nodes.get(member.key);
    if (node !== undefined) hold(snapshot, { ...member, key: `${member.key}/nominee`, node });
  }
}

function waitsFor({ nodes }: Nominee): HeldBack {
  const where = [...new Set(nodes.values())].sort();
  const names = `${where.slice(0, 3).join(', ')}${where.length > 3 ? ' and others' : ''}`;
  return { blocker: 'Capacity', sentence: `pods are evicted to make its place on ${names}, which is held for it` };
}
