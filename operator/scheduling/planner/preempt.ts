import { placeBeside } from './beside.ts';
import { createBookingGuard } from './bookings.ts';
import { borrowBounds, guaranteeBounds } from './bounds.ts';
import { hold, release } from './hold.ts';
import { type Planner, unplace } from './place.ts';
import { nodesForGang } from './room.ts';
import type { Gang, Holding, Placement, Quota, Tenancy, Victim } from './types.ts';
import { type Candidate, candidatesFor, type Ground, mayEvict, type Rights } from './victims.ts';

/** What preemption is planned from. The planner's snapshot holds what `held` says, and what this plan has placed. */
export interface PreemptRequest extends Rights {
  readonly held: ReadonlyMap<string, Holding>;
  readonly tenancy: Tenancy;
  /** Pods that each PodDisruptionBudget lets go; one that is missing lets none. */
  readonly disruptionsAllowed: ReadonlyMap<string, number>;
}

/** Who is evicted for whom, and where the gang goes then. */
export interface Preemption {
  readonly gang: string;
  readonly victims: readonly Victim[];
  readonly ground: Ground;
  readonly place: readonly Placement[];
}

/** Up to so many candidates every set of them is looked at, cheapest first; beyond it a few orders are tried. */
const EXACT = 8;
/** Most candidates, the cheapest, that such an order goes through. */
const CANDIDATES = 256;
/** Most nodes that are looked at one by one for a pod that would fit on one of them. */
const NODES_TRIED = 64;

/**
 * The cheapest set of gangs whose eviction lets a waiting gang start: fewest pod-minutes lost, then fewest pods, and none
 * that could stay. Found by planning with them gone, so nobody is evicted unless the gang then fits. Undefined where no
 * set does. The gang holds its place in the snapshot afterwards and the victims hold nothing.
 */
export function planPreemption(planner: Planner, gang: Gang, request: PreemptRequest): Preemption | undefined {
  if (gang.preempts === false || gang.heldBack !== undefined || gang.members.length === 0) return undefined;
  const pools = [...new Set(planner.snapshot.nodes.map(({ pool }) => pool ?? ''))];
  const guarantee = guaranteeBounds(request.quotas, gang.tenant, pools);
  return (
    (guarantee === undefined ? undefined : search(planner, gang, request, guarantee)) ??
    search(planner, gang, request, undefined)
  );
}

/** Within `guarantee`, or else for priority. */
function search(
  planner: Planner,
  gang: Gang,
  request: PreemptRequest,
  guarantee: readonly Quota[] | undefined,
): Preemption | undefined {
  const all = reachable(planner, gang, candidatesFor(planner, gang, guarantee !== undefined, request));
  // Borrowed room goes first, whatever else might be cheaper.
  const borrowed = all.filter(({ ground }) => ground === 'Reclaim');
  for (const candidates of borrowed.length === all.length || borrowed.length === 0 ? [all] : [borrowed, all]) {
    const trial = createTrial(planner, gang, request, guarantee);
    const chosen = candidates.length <= EXACT ? cheapest(candidates, trial) : cheap(planner, gang, candidates, trial);
    if (chosen !== undefined) return settle(gang, chosen, trial);
  }
  return undefined;
}

/** Plans with some gangs gone. */
interface Trial {
  /** Whether they may be evicted together. */
  readonly may: (chosen: readonly Candidate[]) => boolean;
  /** Whether they may be evicted and the gang fits then; the snapshot is afterwards as before. */
  readonly works: (chosen: readonly Candidate[]) => boolean;
  /** Evicts them in the snapshot and places the gang. */
  readonly carryOut: (chosen: readonly Candidate[]) => readonly Placement[] | undefined;
}

function createTrial(
  planner: Planner,
  gang: Gang,
  request: PreemptRequest,
  guarantee: readonly Quota[] | undefined,
): Trial {
  const { snapshot } = planner;
  const { quotas, tenancy, disruptionsAllowed, held } = request;
  const carryOut = (chosen: readonly Candidate[]): readonly Placement[] | undefined => {
    for (const key of keysOf(chosen)) release(snapshot, key);
    const guard = tenancy.bookings.length === 0 ? undefined : createBookingGuard(snapshot, tenancy, quotas);
    const bounds = guarantee ?? borrowBounds(snapshot, quotas, gang.tenant);
    return placeBeside(planner, gang, bounds, () => guard?.delayedBy(gang, guarantee === undefined)).placed;
  };
  const may = (chosen: readonly Candidate[]): boolean => mayEvict(planner, gang, chosen, quotas, disruptionsAllowed);
  const works = (chosen: readonly Candidate[]): boolean => {
    if (!may(chosen)) return false;
    const back = keysOf(chosen).flatMap((key) => asHeld(planner, held.get(key)));
    const placed = carryOut(chosen);
    if (placed !== undefined) unplace(snapshot, placed);
    for (const holding of back) hold(snapshot, holding);
    return placed !== undefined;
  };
  return { may, works, carryOut };
}

function keysOf(chosen: readonly Candidate[]): readonly string[] {
  return chosen.flatMap(({ victim }) => victim.pods.map(({ key }) => key));
}

/** A holding on the very GPUs that the snapshot has it on. */
function asHeld({ snapshot }: Planner, holding: Holding | undefined): readonly Holding[] {
  const taken = holding === undefined ? undefined : snapshot.taken.get(holding.key);
  if (holding === undefined || taken === undefined) return [];
  return [{ ...holding, gpuIndexes: taken.gpus.map(({ index }) => index) }];
}

function reachable(planner: Planner, gang: Gang, candidates: readonly Candidate[]): readonly Candidate[] {
  const nodes = nodesForGang(planner, gang);
  return candidates.filter((candidate) => [...candidate.nodes].some((node) => nodes[node] === 1)).sort(byCost);
}

/** Fewest pod-minutes, then fewest pods, then lowest priority; keys make the order total. */
function byCost({ victim: left }: Candidate, { victim: right }: Candidate): number {
  return (
    left.podMinutes - right.podMinutes ||
    left.pods.length - right.pods.length ||
    left.priority - right.priority ||
    (left.gang < right.gang ? -1 : 1)
  );
}

interface Cost {
  readonly podMinutes: number;
  readonly pods: number;
}

function costOf(chosen: readonly Candidate[]): Cost {
  return chosen.reduce(
    ({ podMinutes, pods }, { victim }) => ({
      podMinutes: podMinutes + victim.podMinutes,
      pods: pods + victim.pods.length,
    }),
    { podMinutes: 0, pods: 0 },
  );
}

function isCheaper(left: Cost, right: Cost): boolean {
  return left.podMinutes < right.podMinutes || (left.podMinutes === right.podMinutes && left.pods < right.pods);
}

/** The cheapest of all sets. */
function cheapest(candidates: readonly Candidate[], { works }: Trial): readonly Candidate[] | undefined {
  const sets = Array.from({ length: 2 ** candidates.length - 1 }, (_, at) => {
    const chosen = candidates.filter((_candidate, bit) => ((at + 1) >> bit) % 2 === 1);
    return { chosen, cost: costOf(chosen) };
  });
  sets.sort(({ cost: left }, { cost: right }) => left.podMinutes - right.podMinutes || left.pods - right.pods);
  return sets.find(({ chosen }) => works(chosen))?.chosen;
}

/** The cheapest that a few orders lead to: all by cost, and for a single pod each node by itself. */
function cheap(
  planner: Planner,
  gang: Gang,
  candidates: readonly Candidate[],
  trial: Trial,
): readonly Candidate[] | undefined {
  let best: readonly Candidate[] | undefined;
  for (const order of [candidates, ...nodeOrders(planner, gang, candidates)]) {
    const chosen = enough(order, trial);
    if (chosen === undefined) continue;
    const spare = withoutSpare(chosen, trial);
    if (best === undefined || isCheaper(costOf(spare), costOf(best))) best = spare;
  }
  return best;
}

function nodeOrders(planner: Planner, gang: Gang, candidates: readonly Candidate[]): readonly (readonly Candidate[])[] {
  if (gang.members.length > 1) return [];
  const byNode = new Map<number, Candidate[]>();
  for (const candidate of candidates) {
    for (const node of candidate.nodes) {
      const here = byNode.get(node);
      if (here === undefined) byNode.set(node, [candidate]);
      else here.push(candidate);
    }
  }
  const nodes = nodesForGang(planner, gang);
  return [...byNode]
    .filter(([node]) => nodes[node] === 1)
    .map(([, here]) => here)
    .sort((left, right) => costOf(left).podMinutes - costOf(right).podMinutes)
    .slice(0, NODES_TRIED);
}

/** The shortest beginning of an order that works, found by halving, among those that may be evicted together. */
function enough(order: readonly Candidate[], { may, works }: Trial): readonly Candidate[] | undefined {
  const together: Candidate[] = [];
  for (const candidate of order.slice(0, CANDIDATES)) if (may([...together, candidate])) together.push(candidate);
  if (together.length === 0 || !works(together)) return undefined;
  let [low, high] = [1, together.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (works(together.slice(0, middle))) high = middle;
    else low = middle + 1;
  }
  return together.slice(0, high);
}

/** Leaves out, the dearest first, whoever can stay. */
function withoutSpare(chosen: readonly Candidate[], { works }: Trial): readonly Candidate[] {
  let kept = chosen;
  for (const candidate of [...chosen].sort(byCost).reverse()) {
    const fewer = kept.filter((one) => one !== candidate);
    if (fewer.length > 0 && works(fewer)) kept = fewer;
  }
  return kept;
}

function settle(gang: Gang, chosen: readonly Candidate[], { carryOut }: Trial): Preemption | undefined {
  const place = carryOut(chosen);
  if (place === undefined) return undefined;
  const ground = chosen.some((one) => one.ground === 'Priority') ? 'Priority' : 'Reclaim';
  return { gang: gang.key, victims: chosen.map(({ victim }) => victim), ground, place };
}
