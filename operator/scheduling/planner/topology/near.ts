import { release } from '../hold.ts';
import type { Planner } from '../planner.ts';
import type { Member, Nearness, Placement } from '../types.ts';
import { type Domain, type Domains, domainsOf } from './domains.ts';
import { type Shape, shapesOf } from './room.ts';
import { fullestFirst, spread } from './spread.ts';

/** Places members on some nodes only, all or none, with nothing changed then. */
export type PlaceOn = (
  members: readonly Member[],
  nodes: readonly number[] | undefined,
) => readonly Placement[] | undefined;

/** Domains of one level that are tried; more than one only where shapes or quotas interfere, which rooms do not show. */
const MAX_TRIED = 16;

/**
 * Places members near each other: in one domain of the preferred level, else in one of the next wider level, and so on
 * up to the required one or, where none is required, over as few domains as it can. Undefined where that cannot be.
 */
export function placeNear(
  planner: Planner,
  members: readonly Member[],
  near: Nearness,
  placeOn: PlaceOn,
): readonly Placement[] | undefined {
  const domains = domainsOf(planner.snapshot, near.levels);
  const shapes = shapesOf(planner, members);
  const widest = near.required === undefined ? 0 : near.levels.indexOf(near.required);
  const narrowest = preferredLevel(near, widest);
  for (let level = narrowest; level >= widest; level--) {
    const found = candidates(domains, { level, widest }, near, planner, shapes);
    for (const domain of found.slice(0, MAX_TRIED)) {
      const placed = placeIn(domain, shapes, members, planner, placeOn);
      if (placed !== undefined) return placed;
    }
  }
  return near.required === undefined ? placeAcross(domains, shapes, members, planner, placeOn) : undefined;
}

function preferredLevel({ levels, preferred }: Nearness, widest: number): number {
  const wanted = preferred === undefined ? levels.length - 1 : levels.indexOf(preferred);
  return Math.max(wanted, widest);
}

/** Domains of a level in the order in which they are tried: where members are already, no other will do. */
function candidates(
  { byLevel }: Domains,
  { level, widest }: { readonly level: number; readonly widest: number },
  { beside = [] }: Nearness,
  { snapshot }: Planner,
  shapes: readonly Shape[],
): readonly Domain[] {
  const all = byLevel[level] ?? [];
  const taken = new Set(beside.map((name) => snapshot.indexOf.get(name)));
  const own = all.filter(({ nodes }) => nodes.some((node) => taken.has(node)));
  // Members that are in two domains of this level already are together only in a wider one.
  if (own.length > 1 && level > widest) return [];
  return fullestFirst(own.length > 0 ? own : all, shapes);
}

function placeIn(
  domain: Domain,
  shapes: readonly Shape[],
  members: readonly Member[],
  planner: Planner,
  placeOn: PlaceOn,
): readonly Placement[] | undefined {
  return placeSpread([domain], shapes, members, planner, placeOn) ?? placeOn(members, domain.nodes);
}

/** Over as few domains as it can; members of several shapes, or that no domain has room for, go anywhere. */
function placeAcross(
  { byLevel }: Domains,
  shapes: readonly Shape[],
  members: readonly Member[],
  planner: Planner,
  placeOn: PlaceOn,
): readonly Placement[] | undefined {
  return placeSpread(byLevel[0] ?? [], shapes, members, planner, placeOn) ?? placeOn(members, undefined);
}

/** Places members of one shape domain by domain, all or none; those of several shapes are left to the policy. */
function placeSpread(
  domains: readonly Domain[],
  [shape, ...others]: readonly Shape[],
  members: readonly Member[],
  { snapshot }: Planner,
  placeOn: PlaceOn,
): readonly Placement[] | undefined {
  if (shape === undefined || others.length > 0) return undefined;
  const placed: Placement[] = [];
  for (const { nodes, count } of spread(domains, shape, members.length) ?? []) {
    const some = placeOn(members.slice(placed.length, placed.length + count), nodes);
    if (some === undefined) break;
    placed.push(...some);
  }
  if (placed.length === members.length) return placed;
  for (const { member } of placed) release(snapshot, member);
  return undefined;
}
