import type { Decision, Waiting } from '../decide.ts';
import type { Facts, QueuedGang } from '../observe.ts';
import {
  createPlanner,
  createSnapshot,
  hold,
  type Movable,
  makeRoom,
  type Planner,
  type RoomMade,
} from '../planner/index.ts';
import { comesAnyway, heldAfter } from '../preemption/decide.ts';
import { rests } from '../preemption/nomination.ts';
import type { UnderWay } from './moves.ts';
import type { DefragmentationFacts, MovingPool } from './observe.ts';

/** Gangs for which room is looked for in one pass: each look is some more plans. */
const TRIED = 8;

/** Room that moves would make for a gang. */
export interface Proposal extends RoomMade {
  readonly queued: QueuedGang;
}

/** What is to be done in a pool. */
export interface PoolMoves {
  readonly pool: MovingPool;
  readonly proposals: readonly Proposal[];
  /** Moves that have begun: their pods that still run are evicted. */
  readonly underWay: readonly UnderWay[];
  /** The proposal that is carried out now; the others are looked at again once it is done. */
  readonly begin?: Proposal;
  /** Why none is, although it may be. */
  readonly waits?: string;
}

/**
 * Which pods are to be moved for gangs that wait for room, on the plan as it stands and in the order in which they wait.
 * Pods that leave count as gone, so nobody is moved for room that comes anyway. In one pool one gang is served at a time.
 */
export function decideDefragmentation(
  facts: Facts,
  decision: Decision,
  known: DefragmentationFacts,
): readonly PoolMoves[] {
  const waiting = decision.waiting.filter((one) => waitsForRoom(one, facts)).slice(0, TRIED);
  if (waiting.length === 0) return known.pools.map((pool) => next(pool, [], facts));
  const planner = plannerOf(facts, decision, known);
  const left = new Map(known.disruptionsAllowed);
  const proposals = new Map<string, Proposal[]>(known.pools.map(({ name }) => [name, []]));
  for (const { queued } of waiting) {
    if (comesAnyway(planner, queued, facts)) continue;
    const pools = known.pools.filter(({ rules }) => facts.tenancy.now - queued.gang.since >= rules.afterSeconds * 1000);
    for (const pool of pools) {
      const own = proposals.get(pool.name) ?? [];
      const made = makeRoom(planner, queued.gang, requestOf(facts, pool, own, left));
      if (made === undefined) continue;
      own.push({ ...made, queued });
      for (const { budget } of made.moves.map(({ movable }) => movable)) {
        if (budget !== undefined) left.set(budget, (left.get(budget) ?? 0) - 1);
      }
      break;
    }
  }
  return known.pools.map((pool) => next(pool, proposals.get(pool.name) ?? [], facts));
}

/** Whether moving others could help a gang: it waits for room, and for nothing else. */
export function waitsForRoom({ answer, queued }: Waiting, { nominees, tenancy }: Facts): boolean {
  const { gang, pods } = queued;
  if (answer.blocker !== 'Shape' && answer.blocker !== 'Capacity') return false;
  if (gang.heldBack !== undefined || gang.members.length === 0) return false;
  if (nominees.some((nominee) => nominee.gang === gang.key)) return false;
  return ![...pods.values()].some((pod) => rests(pod, tenancy.now));
}

/** A planner as it will be once those who leave are gone, with what the policy has learned. */
function plannerOf(facts: Facts, decision: Decision, { leaving }: DefragmentationFacts): Planner {
  const snapshot = createSnapshot(facts.nodes);
  for (const holding of heldAfter(facts, decision)) if (!leaving.has(holding.key)) hold(snapshot, holding);
  const typical = decision.planner.chooser.scorer.learned?.() ?? decision.policy.typical;
  return createPlanner(snapshot, { ...decision.policy, typical });
}

function requestOf(
  { quotas, tenancy }: Facts,
  pool: MovingPool,
  before: readonly Proposal[],
  disruptionsAllowed: ReadonlyMap<string, number>,
): Parameters<typeof makeRoom>[2] {
  const moved = new Set<Movable>(before.flatMap(({ moves }) => moves.map(({ movable }) => movable)));
  return {
    ...{ quotas, tenancy, pool: pool.name, disruptionsAllowed },
    movable: pool.movable.filter((one) => !moved.has(one)),
    maxMoves: pool.rules.maxMovesPerHour - moved.size,
    minGpusPerPodHour: pool.rules.minGpusPerPodHour,
  };
}

function next(pool: MovingPool, proposals: readonly Proposal[], { moves }: Facts): PoolMoves {
  const underWay = moves.underWay.filter((one) => one.pool === pool.name);
  const plain = { pool, proposals, underWay };
  const [first] = proposals;
  if (pool.rules.mode !== 'Apply' || first === undefined || underWay.length > 0) return plain;
  if (!pool.open) return { ...plain, waits: 'none of its windows is open' };
  const left = pool.rules.maxMovesPerHour - pool.moves.length;
  const begin = proposals.find((one) => one.moves.length <= left);
  if (begin !== undefined) return { ...plain, begin };
  return {
    ...plain,
    waits: `${pool.moves.length} of the ${pool.rules.maxMovesPerHour} moves of an hour are used`,
  };
}
