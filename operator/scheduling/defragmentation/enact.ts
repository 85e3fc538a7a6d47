import { isDeepStrictEqual } from 'node:util';
import { type GPUPool, kinds, type MovedDevices, type PodMove } from '../../api/index.ts';
import { controllerOf, Pod, seconds } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Context } from '../../runtime/index.ts';
import type { Decision } from '../decide.ts';
import { isOvertaken } from '../failures.ts';
import type { Facts } from '../observe.ts';
import { nominationPatch } from '../preemption/nomination.ts';
import { decideDefragmentation, type PoolMoves, type Proposal, waitsForRoom } from './decide.ts';
import { moveBlockedEvent, movesText, podMovedEvent, roomMadeEvent } from './events.ts';
import { MOVE_MILLIS, type UnderWay } from './moves.ts';
import { type DefragmentationFacts, mayMove, observeDefragmentation } from './observe.ts';
import { defragmentationStatus, proposedMoves } from './report.ts';

/** Least time between two looks, in milliseconds: each is some more plans, and moves are in no hurry. */
const EVERY_MILLIS = seconds(10);

/** What a look found and did. */
export interface Defragmented {
  /** Undefined where it was not time to look. */
  readonly plans?: readonly PoolMoves[];
  readonly evicted: readonly UnderWay[];
  /** Milliseconds until the next look is due; 0 when nobody waits for one. */
  readonly due: number;
}

/** Moves pods for gangs that wait. */
export type Defragmenter = (facts: Facts, decision: Decision, ctx: Context) => Promise<Defragmented>;

/**
 * A defragmenter. A move is written to the pool's status, then who gets the room is nominated, then the pod is evicted:
 * whoever leads next finds the record and goes on where it was. Remembered is only who could not be evicted, so that
 * others are tried first.
 */
export function createDefragmenter(clock: Pick<Clock, 'monotonic'>): Defragmenter {
  const refused = new Map<string, number>();
  let last: number | undefined;
  return async (facts, decision, ctx) => {
    const pools = ctx.list(kinds.GPUPool);
    await dropStatus(pools, ctx);
    if (!pools.some(mayMove)) return { plans: [], evicted: [], due: 0 };
    const since = last === undefined ? EVERY_MILLIS : clock.monotonic() - last;
    if (since < EVERY_MILLIS) return { evicted: [], due: EVERY_MILLIS - since };
    last = clock.monotonic();
    for (const [uid, at] of refused) if (clock.monotonic() - at > 2 * MOVE_MILLIS) refused.delete(uid);
    const known = observeDefragmentation(ctx, facts, {
      spared: new Set(refused.keys()),
      idle: !decision.waiting.some((one) => waitsForRoom(one, facts)),
    });
    const plans = decideDefragmentation(facts, decision, known);
    const evicted: UnderWay[] = [];
    for (const plan of plans) {
      const due = [...plan.underWay, ...(await begin(plan, known, ctx))];
      for (const one of due) {
        const result = await evict(one, ctx);
        if (result === 'evicted') evicted.push(one);
        if (result === 'blocked') refused.set(one.move.uid, clock.monotonic());
      }
    }
    const busy = decision.waiting.length > 0 || plans.some(({ underWay }) => underWay.length > 0);
    return { plans, evicted, due: busy ? EVERY_MILLIS : 0 };
  };
}

/** Writes what a pool's moves are, and nominates those for whom they are made. Answers what is to be evicted. */
async function begin(plan: PoolMoves, known: DefragmentationFacts, ctx: Context): Promise<readonly UnderWay[]> {
  const { pool } = plan;
  const fresh = plan.begin === undefined ? [] : recordsOf(plan.begin, known, ctx.now());
  const status = defragmentationStatus(plan, [...pool.moves, ...fresh]);
  if (!isDeepStrictEqual(status, pool.said)) {
    const patch = { type: 'merge', subresource: 'status', body: { status: { defragmentation: status } } } as const;
    try {
      await ctx.patch(kinds.GPUPool, { name: pool.name, uid: pool.uid }, patch);
    } catch (error) {
      if (isOvertaken(error)) return [];
      throw error;
    }
  }
  if (plan.begin === undefined || !(await nominate(plan.begin, ctx))) return [];
  return fresh.map((move) => ({ pool: pool.name, move, pod: known.pods.get(move.pod) }));
}

function recordsOf(proposal: Proposal, known: DefragmentationFacts, now: Date): readonly PodMove[] {
  const proposed = proposedMoves(proposal);
  return proposal.moves.flatMap(({ movable: { member } }, at): PodMove[] => {
    const pod = known.pods.get(member.key);
    const owner = pod && controllerOf(pod)?.uid;
    const move = proposed[at];
    if (pod?.metadata.uid === undefined || owner === undefined || move === undefined) return [];
    return [
      {
        ...{ ...move, uid: pod.metadata.uid, owner },
        // Whole seconds, as the times of pods are: a successor of the same second is one.
        startTime: `${now.toISOString().slice(0, 19)}Z`,
        cpuMilli: member.cpuMilli,
        memoryMiB: member.memoryMiB,
        devices: member.gpus.flatMap((gpu) => (gpu.kind === 'devices' ? [toDevices(gpu)] : [])),
      },
    ];
  });
}

function toDevices({ resource, count }: MovedDevices): MovedDevices {
  return { resource, count };
}

/** Writes the place of each pod that waits to its status; false when one of them went, so that nobody moves for it. */
async function nominate(proposal: Proposal, ctx: Context): Promise<boolean> {
  for (const { member, node } of proposal.place) {
    const pod = proposal.queued.pods.get(member);
    if (pod === undefined) return false;
    const { name = '', namespace, uid } = pod.metadata;
    try {
      await ctx.patch(Pod, { namespace, name, uid }, nominationPatch(pod, node, movesText(proposal), ctx.now()));
    } catch (error) {
      if (isOvertaken(error)) return false;
      throw error;
    }
    ctx.event(roomMadeEvent(pod, proposal));
  }
  return true;
}

async function evict(one: UnderWay, ctx: Context): Promise<'evicted' | 'blocked' | 'nothing'> {
  if (one.pod === undefined) return 'nothing';
  try {
    const result = await ctx.evict(one.pod);
    if (result === 'gone') return 'nothing';
    ctx.event(result === 'blocked' ? moveBlockedEvent(one.pod, one) : podMovedEvent(one.pod, one));
    return result;
  } catch (error) {
    // It changed since it was looked at: the next look tries again.
    if (isOvertaken(error)) return 'nothing';
    throw error;
  }
}

/** Takes the status of pools away that say nothing of moves any more, once room for those that began is no longer held. */
async function dropStatus(pools: readonly GPUPool[], ctx: Context): Promise<void> {
  for (const pool of pools) {
    const said = pool.status?.defragmentation;
    const underWay = said?.moves.some(({ startTime }) => ctx.now().getTime() - Date.parse(startTime) < MOVE_MILLIS);
    if (said === undefined || underWay === true || mayMove(pool)) continue;
    const { name, uid } = pool.metadata;
    const body = { status: { defragmentation: null } };
    try {
      await ctx.patch(kinds.GPUPool, { name, uid }, { type: 'merge', subresource: 'status', body });
    } catch (error) {
      if (!isOvertaken(error)) throw error;
    }
  }
}
