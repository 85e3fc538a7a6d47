import type { Decision } from '../decide.ts';
import type { Facts, QueuedGang } from '../observe.ts';
import { placedHoldings } from '../placed.ts';
import {
  boundsOfAll,
  createPlanner,
  createSnapshot,
  type Holding,
  hold,
  holdFor,
  type Planner,
  type Preemption,
  placeGang,
  planPreemption,
} from '../planner/index.ts';
import { rests } from './nomination.ts';
import type { PreemptionFacts } from './observe.ts';

/** Gangs for which others are evicted in one pass, and gangs for which that is tried: each try is some more plans. */
const EVICTING = 8;
const TRIED = 32;

/** A gang for which others are evicted. */
export interface Evicting extends Preemption {
  readonly queued: QueuedGang;
}

/** Whether it is worth asking whom to evict for a waiting gang: it waits for room or quota, and has not asked in vain just now. */
export function mayPreempt({ queued, answer }: Decision['waiting'][number], facts: Facts): boolean {
  const { gang, pods } = queued;
  if (
    answer.blocker === 'Reservation' ||
    gang.heldBack !== undefined ||
    gang.preempts === false ||
    gang.members.length === 0
  )
    return false;
  return facts.tenancy.reclaims.size > 0 && ![...pods.values()].some((pod) => rests(pod, facts.tenancy.now));
}

/**
 * Whom to evict for gangs that wait, on the plan as it stands: first for those whose victims do not suffice any more, then
 * for others in the order in which they wait. Pods that leave already count as gone, so nobody is evicted for room that
 * comes anyway, and after a crash only what is still missing is evicted.
 */
export function decidePreemption(facts: Facts, decision: Decision, known: PreemptionFacts): readonly Evicting[] {
  const waiting = decision.waiting.filter((one) => mayPreempt(one, facts));
  if (waiting.length === 0) return [];
  const held = heldAfter(facts, decision).filter(({ key }) => !known.leaving.has(key));
  const snapshot = createSnapshot(facts.nodes);
  for (const holding of held) hold(snapshot, holding);
  const planner = createPlanner(snapshot, { ...decision.policy, typical: [], name: 'best-fit' });
  const request = { ...facts, ...known, held: new Map(held.map((holding) => [holding.key, holding])) };
  const nominated = new Map(facts.nominees.map((nominee) => [nominee.gang, nominee]));
  const queued = waiting.map((one) => one.queued);
  const evicting: Evicting[] = [];
  const older = queued.filter(({ gang }) => nominated.has(gang.key));
  for (const one of older) {
    if (comesAnyway(planner, one, facts)) continue;
    const found = planPreemption(planner, one.gang, request);
    const nominee = nominated.get(one.gang.key);
    if (found !== undefined) evicting.push({ ...found, queued: one });
    else if (nominee !== undefined) holdFor(planner, one.gang, nominee);
  }
  for (const one of queued.filter(({ gang }) => !nominated.has(gang.key)).slice(0, TRIED)) {
    if (evicting.length >= EVICTING) break;
    if (comesAnyway(planner, one, facts)) continue;
    const found = planPreemption(planner, one.gang, request);
    if (found !== undefined) evicting.push({ ...found, queued: one });
  }
  return evicting;
}

/** Places a gang where it fits once those who leave are gone. */
export function comesAnyway(planner: Planner, { gang }: QueuedGang, facts: Facts): boolean {
  return placeGang(planner, gang, boundsOfAll(planner, { ...facts, queue: [gang] })) !== undefined;
}

/** What is held once the plan is carried out. */
export function heldAfter(facts: Facts, decision: Decision): readonly Holding[] {
  return [...facts.held, ...placedHoldings(facts, decision)];
}
