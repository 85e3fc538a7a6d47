import { createPlanner, type Planner } from '../place.ts';
import { createSnapshot } from '../snapshot.ts';
import type { Gang } from '../types.ts';
import { domainsOf } from './domains.ts';
import { roomIn, shapesOf } from './room.ts';
import { type NearSet, nearSets } from './sets.ts';

/** The set of a gang that lacks most room in the best domain of the level that it must be in. */
export interface Crowded {
  /** What people call the level: `rack`. */
  readonly level: string;
  /** The domain with room for most of its pods, where there is any. */
  readonly domain: string | undefined;
  readonly need: number;
  readonly have: number;
}

/** What people call a level: its label key without the domain, `rack` of `example.com/rack`. */
export function levelWord(key: string): string {
  return key.slice(key.lastIndexOf('/') + 1);
}

/** The set of a gang that fits least into one domain of the level required, as the fleet is; undefined without one. */
export function crowdedSet(planner: Planner, gang: Gang): Crowded | undefined {
  return nearSets(gang, undefined)
    .flatMap((set) => roomFor(planner, set) ?? [])
    .sort((one, other) => other.need - other.have - (one.need - one.have))[0];
}

/** The same if nothing ran: then no pod that ends would help. */
export function tooWide({ snapshot }: Planner, gang: Gang): Crowded | undefined {
  const empty = createPlanner(createSnapshot(snapshot.nodes), { name: 'best-fit', typical: [] });
  const found = crowdedSet(empty, gang);
  return found !== undefined && found.have < found.need ? found : undefined;
}

function roomFor(planner: Planner, { members, near }: NearSet): Crowded | undefined {
  if (near?.required === undefined) return undefined;
  const shapes = shapesOf(planner, members);
  const at = near.levels.indexOf(near.required);
  let best: { readonly name: string; readonly have: number } | undefined;
  for (const domain of domainsOf(planner.snapshot, near.levels).byLevel[at] ?? []) {
    const have = shapes.reduce((sum, shape) => sum + Math.min(roomIn(shape, domain), shape.members.length), 0);
    if (have > (best?.have ?? 0)) best = { name: domain.name, have };
  }
  return { level: levelWord(near.required), domain: best?.name, need: members.length, have: best?.have ?? 0 };
}

/** "the largest free run in a rack is 12 of its 16 pods (zone-a/r3)". */
export function crowdedWords({ level, domain, need, have }: Crowded): string {
  const what = need === 1 ? 'a pod of it' : `${need} pods of it`;
  if (domain === undefined) return `${what} must be in one ${level}, and no ${level} has room for any`;
  return `${what} must be in one ${level}; the largest free run in a ${level} is ${have} of ${need} (${domain})`;
}
