import { boundsOfAll } from './admission.ts';
import { createBookingGuard } from './bookings.ts';
import { borrowBounds } from './bounds.ts';
import { type ClearingRules, clearFor, comeBack, type Movable, type Moved } from './clearing.ts';
import { hold, release } from './hold.ts';
import { type Planner, placeGang, placeMember, unplace } from './place.ts';
import type { Gang, Placement, PlanInput } from './types.ts';

/** Where room may be made, and what it may cost. */
export interface RoomRequest extends Pick<PlanInput, 'quotas' | 'tenancy'> {
  /** The pool whose pods may be moved, within it. */
  readonly pool: string;
  readonly movable: readonly Movable[];
  readonly maxMoves: number;
  /** GPUs that the gang must get for each hour of work that is lost; 0 for any price. */
  readonly minGpusPerPodHour: number;
  /** Disruptions that each PodDisruptionBudget allows; one that is missing allows none. */
  readonly disruptionsAllowed: ReadonlyMap<string, number>;
}

/** How a gang gets room. */
export interface RoomMade {
  readonly place: readonly Placement[];
  readonly moves: readonly Moved[];
  /** What the gang gets, in thousandths of a GPU. */
  readonly gpuMilli: number;
  readonly podMinutes: number;
}

/**
 * The cheapest moves found within a pool after which a gang fits that does not fit now, within the rights of its tenant
 * and of those whose pods move, and without delaying a booking. Pods of a higher priority stay. The moves and the gang
 * are carried out in the planner's snapshot; undefined, with nothing changed, where none are found or they cost too much.
 */
export function makeRoom(planner: Planner, gang: Gang, request: RoomRequest): RoomMade | undefined {
  const moves: Moved[] = [];
  const { snapshot } = planner;
  const rules = rulesFor(planner, gang, request);
  const tried: string[] = [];
  const found = gang.members.every((member) => {
    tried.push(member.key);
    if (placeMember(planner, gang.key, member, undefined, undefined, undefined, rules.nodes) !== undefined) return true;
    const cleared = clearFor(planner, member, within(rules, moves));
    moves.push(...(cleared ?? []));
    return cleared !== undefined;
  });
  for (const key of tried) release(snapshot, key);
  const place =
    found && moves.length > 0
      ? placeGang(planner, gang, boundsOfAll(planner, { ...request, queue: [gang] }))
      : undefined;
  if (place !== undefined) {
    const made = {
      ...{ place, moves },
      gpuMilli: place.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0),
      podMinutes: moves.reduce((sum, { movable }) => sum + movable.podMinutes, 0),
    };
    if (pays(made, request) && !delaysBooking(planner, gang, made, request)) return made;
    unplace(snapshot, place);
  }
  for (const { movable } of moves) release(snapshot, movable.holding.key);
  for (const { movable } of moves) comeBack(snapshot, movable, undefined);
  return undefined;
}

function rulesFor({ snapshot }: Planner, gang: Gang, request: RoomRequest): ClearingRules {
  const movable = new Map<string, Movable[]>();
  for (const one of request.movable) {
    if (one.priority > gang.priority) continue;
    const known = movable.get(one.holding.node);
    if (known === undefined) movable.set(one.holding.node, [one]);
    else known.push(one);
  }
  return {
    nodes: Uint8Array.from(snapshot.nodes, ({ pool }) => (pool === request.pool ? 1 : 0)),
    movable,
    moves: request.maxMoves,
    disruptions: request.disruptionsAllowed,
    quotasOf: (tenant) =>
      request.tenancy === undefined ? request.quotas : borrowBounds(snapshot, request.quotas, tenant),
  };
}

/** What is left of the rules after some moves; a pod moves once. */
function within(rules: ClearingRules, moves: readonly Moved[]): ClearingRules {
  const gone = new Set(moves.map(({ movable }) => movable));
  const disruptions = new Map(rules.disruptions);
  for (const { budget } of gone) if (budget !== undefined) disruptions.set(budget, (disruptions.get(budget) ?? 0) - 1);
  const movable = new Map([...rules.movable].map(([node, pods]) => [node, pods.filter((pod) => !gone.has(pod))]));
  return { ...rules, disruptions, movable, moves: rules.moves - moves.length };
}

function pays({ gpuMilli, podMinutes }: Pick<RoomMade, 'gpuMilli' | 'podMinutes'>, request: RoomRequest): boolean {
  return gpuMilli * 60 >= request.minGpusPerPodHour * 1000 * podMinutes;
}

/** Whether a booking would find less than it needs: what is moved begins anew, so its end moves too. */
function delaysBooking(
  { snapshot }: Planner,
  gang: Gang,
  { place, moves }: Pick<RoomMade, 'place' | 'moves'>,
  { tenancy, quotas }: RoomRequest,
): boolean {
  if (tenancy === undefined || tenancy.bookings.length === 0) return false;
  for (const { movable } of moves) release(snapshot, movable.holding.key);
  unplace(snapshot, place);
  const guard = createBookingGuard(snapshot, tenancy, quotas);
  const nodes = new Map(place.map(({ member, node }) => [member, node]));
  for (const { movable, to } of moves) hold(snapshot, { ...movable.holding, node: to });
  for (const member of gang.members) {
    hold(snapshot, { ...member, node: nodes.get(member.key) ?? '', tenant: gang.tenant });
  }
  const starting = [gang, ...moves.map(({ movable }) => ({ ...gang, runs: undefined, members: [movable.member] }))];
  return starting.some((one) => guard.delayedBy(one, false) !== undefined);
}
