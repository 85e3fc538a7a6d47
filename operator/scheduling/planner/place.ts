import { chooseNode, createChooser } from './choose.ts';
import { type Compiled, compile, costMilli } from './demand.ts';
import { createEligibility, type Eligible, eligibleNodes, type Relaxed } from './eligible.ts';
import { release, take } from './hold.ts';
import { createKinds, type NodeKinds } from './kinds.ts';
import type { Planner } from './planner.ts';
import { createScorer } from './policies.ts';
import { type Allowance, allowanceOf, exceeded } from './quota.ts';
import type { Snapshot } from './snapshot.ts';
import { type PlaceOn, placeNear } from './topology/near.ts';
import { nearSets } from './topology/sets.ts';
import type { Gang, Member, Placement, PlanPolicy, Quota } from './types.ts';

export type { Planner } from './planner.ts';

/** A planner over a snapshot. */
export function createPlanner(snapshot: Snapshot, policy: PlanPolicy): Planner {
  return {
    snapshot,
    chooser: createChooser(snapshot, createScorer(policy, snapshot)),
    eligibility: createEligibility(snapshot),
  };
}

/**
 * Places one pod, on one of `only` where given, and holds its room under its key: with the first of its alternatives that
 * finds a place. Undefined, with nothing changed, when no node has room or the tenant's quotas allow none.
 */
export function placeMember(
  planner: Planner,
  gang: string,
  member: Member,
  tenant?: string,
  allowance?: Allowance,
  relaxed?: Relaxed,
  only?: Eligible,
): Placement | undefined {
  const first = placeAs(planner, gang, member, tenant, allowance, relaxed, only);
  if (first !== undefined || member.orElse === undefined) return first;
  for (const other of member.orElse) {
    const placed = placeAs(planner, gang, { ...member, ...other }, tenant, allowance, relaxed, only);
    if (placed !== undefined) return { ...placed, instead: other.gpus };
  }
  return undefined;
}

function placeAs(
  planner: Planner,
  gang: string,
  member: Member,
  tenant?: string,
  allowance?: Allowance,
  relaxed?: Relaxed,
  only?: Eligible,
): Placement | undefined {
  const { snapshot, chooser } = planner;
  const demand = compile(snapshot, member);
  const eligible = onlyOn(eligibleNodes(planner.eligibility, member, relaxed), only);
  const allowed = relaxed?.quota === true ? undefined : withinQuota(snapshot, demand, allowance);
  const node = chooseNode(chooser, demand, eligible, allowed);
  if (node < 0) return undefined;
  const taken = take(snapshot, member.key, node, demand, tenant, chooser.scorer.gpus(node, demand));
  if (taken === undefined) return undefined;
  return {
    gang,
    member: member.key,
    node: snapshot.nodes[node]?.name ?? '',
    gpuMilli: taken.gpuMilli,
    gpuIndexes: taken.gpus.map((gpu) => gpu.index),
    devices: taken.devices.map(({ name, resource }) => ({ name, resource })),
  };
}

function onlyOn(eligible: Eligible, only: Eligible | undefined): Eligible {
  return only === undefined ? eligible : only.map((bit, node) => bit & (eligible[node] as number));
}

function withinQuota(
  snapshot: Snapshot,
  demand: Compiled,
  allowance: Allowance | undefined,
): ((node: number) => boolean) | undefined {
  if (allowance === undefined || demand.parts.length === 0) return undefined;
  return (node) => exceeded(allowance, snapshot.nodes[node] ?? {}, costMilli(snapshot, node, demand)) === undefined;
}

/** Places every member of a gang or, with nothing changed, none; members that are to be near each other first. */
export function placeGang(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  relaxed?: Relaxed,
): readonly Placement[] | undefined {
  const placed: Placement[] = [];
  for (const { members, near } of nearSets(gang, relaxed)) {
    const placeOn: PlaceOn = (some, nodes) => placeAll(planner, { ...gang, members: some }, quotas, relaxed, nodes);
    const set = near === undefined ? placeOn(members, undefined) : placeNear(planner, members, near, placeOn);
    if (set === undefined) {
      unplace(planner.snapshot, placed);
      return undefined;
    }
    placed.push(...set);
  }
  return placed;
}

/** Places as many of a gang's first members as fit, and keeps them. */
export function placeMembers(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  relaxed?: Relaxed,
): readonly Placement[] {
  if (nearSets(gang, relaxed).every(({ near }) => near === undefined)) {
    return placeInOrder(planner, gang, quotas, relaxed);
  }
  const first = (count: number) =>
    placeGang(planner, { ...gang, members: gang.members.slice(0, count) }, quotas, relaxed);
  let [fits, fails] = [0, gang.members.length + 1];
  while (fails - fits > 1) {
    const middle = Math.floor((fits + fails) / 2);
    const placed = first(middle);
    if (placed === undefined) fails = middle;
    else fits = middle;
    unplace(planner.snapshot, placed ?? []);
  }
  return first(fits) ?? [];
}

function placeAll(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  relaxed: Relaxed | undefined,
  nodes: readonly number[] | undefined,
): readonly Placement[] | undefined {
  const placed = placeInOrder(planner, gang, quotas, relaxed, nodes && bitsOf(planner.snapshot, nodes));
  if (placed.length === gang.members.length) return placed;
  unplace(planner.snapshot, placed);
  return undefined;
}

/** Places members in order until the first that does not fit, and keeps those that do. */
function placeInOrder(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  relaxed: Relaxed | undefined,
  only?: Eligible,
): readonly Placement[] {
  const allowance = allowanceOf(planner.snapshot, quotas, gang.tenant);
  const placed: Placement[] = [];
  for (const member of gang.members) {
    const placement = placeMember(planner, gang.key, member, gang.tenant, allowance, relaxed, only);
    if (placement === undefined) break;
    placed.push(placement);
  }
  return placed;
}

function bitsOf({ nodes: all }: Snapshot, nodes: readonly number[]): Eligible {
  const bits = new Uint8Array(all.length);
  for (const node of nodes) bits[node] = 1;
  return bits;
}

/** Gives back the room of placements. */
export function unplace(snapshot: Snapshot, placements: readonly Placement[]): void {
  for (const { member } of placements) release(snapshot, member);
}

/** The kinds of node of a planner's snapshot. */
export function kindsOf(planner: Planner): NodeKinds {
  if (planner.kinds?.facts !== planner.snapshot.facts) planner.kinds = createKinds(planner.snapshot);
  return planner.kinds;
}
