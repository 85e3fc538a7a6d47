import { type Compiled, compile } from './demand.ts';
import { constraintKey } from './eligible.ts';
import { release, take } from './hold.ts';
import { type Planner, placeMember } from './place.ts';
import type { Taken } from './snapshot.ts';
import type { Member } from './types.ts';

/** A pod that runs and may be moved. */
export interface Resident {
  readonly member: Member;
  /** Pod-minutes of work that a move loses. */
  readonly podMinutes: number;
  /** Its PodDisruptionBudget; a pod under several is not offered for moving. */
  readonly budget?: string;
}

/** What moving may cost. */
export interface MoveRequest {
  readonly residents: readonly Resident[];
  readonly maxMoves: number;
  /** Least gain of one move after its price, in thousandths of a GPU. */
  readonly minGainMilli: number;
  /** Thousandths of a GPU that a lost pod-minute costs. */
  readonly milliPerPodMinute: number;
  /** Disruptions that each PodDisruptionBudget allows; one that is missing allows none. */
  readonly disruptionsAllowed: ReadonlyMap<string, number>;
}

/** One pod that moves. */
export interface Move {
  readonly member: string;
  readonly from: string;
  readonly to: string;
  /** What the fleet's free room is worth more afterwards, the price of the lost work not yet subtracted. */
  readonly gainMilli: number;
  readonly podMinutes: number;
}

/**
 * Moves pods one by one while each move pays: what is free on both nodes must be worth more afterwards, by the measure
 * of the planner's policy, than the lost work and the least gain. The moves are carried out in the planner's snapshot.
 * A policy without a measure moves nothing.
 */
export function planMoves(planner: Planner, request: MoveRequest): Move[] {
  const left = new Map(request.disruptionsAllowed);
  const moves: Move[] = [];
  for (const resident of worthTrying(planner, request)) {
    if (moves.length >= request.maxMoves) break;
    const { budget } = resident;
    if (budget !== undefined && (left.get(budget) ?? 0) < 1) continue;
    const move = tryMove(planner, resident, request);
    if (move === undefined) continue;
    moves.push(move);
    if (budget !== undefined) left.set(budget, (left.get(budget) ?? 0) - 1);
  }
  return moves;
}

/** Residents whose leaving and coming elsewhere, each measured alone, would pay; the best first, else in input order. */
function worthTrying(planner: Planner, request: MoveRequest): Resident[] {
  const coming = new Map<string, number>();
  const found: { readonly resident: Resident; readonly gain: number }[] = [];
  for (const resident of request.residents) {
    const { member, podMinutes } = resident;
    const kind = `${compile(planner.snapshot, member).key}/${member.memoryMiB}/${constraintKey(member)}`;
    const there = coming.get(kind) ?? gainOfComing(planner, member);
    coming.set(kind, there);
    if (there === Number.NEGATIVE_INFINITY) continue;
    const gain = there + gainOfLeaving(planner, member) - podMinutes * request.milliPerPodMinute;
    if (gain >= request.minGainMilli) found.push({ resident, gain });
  }
  return found.sort((left, right) => right.gain - left.gain).map(({ resident }) => resident);
}

function gainOfComing(planner: Planner, member: Member): number {
  const { snapshot } = planner;
  const trial = { ...member, key: `${member.key}/trial` };
  const node = snapshot.indexOf.get(placeMember(planner, '', trial)?.node ?? '');
  if (node === undefined) return Number.NEGATIVE_INFINITY;
  const after = freeWorth(planner, node);
  release(snapshot, trial.key);
  return after - freeWorth(planner, node);
}

function gainOfLeaving(planner: Planner, member: Member): number {
  const { snapshot } = planner;
  const taken = snapshot.taken.get(member.key);
  if (taken === undefined) return Number.NEGATIVE_INFINITY;
  const before = freeWorth(planner, taken.node);
  release(snapshot, member.key);
  const after = freeWorth(planner, taken.node);
  putBack(planner, member.key, compile(snapshot, member), taken);
  return after - before;
}

function tryMove(planner: Planner, { member, podMinutes }: Resident, request: MoveRequest): Move | undefined {
  const { snapshot } = planner;
  const taken = snapshot.taken.get(member.key);
  if (taken === undefined) return undefined;
  const demand = compile(snapshot, member);
  const before = freeWorth(planner, taken.node);
  release(snapshot, member.key);
  const placed = placeMember(planner, '', member, taken.tenant);
  const to = placed === undefined ? -1 : (snapshot.indexOf.get(placed.node) ?? -1);
  if (placed !== undefined && to !== taken.node) {
    const there = freeWorth(planner, to);
    const here = freeWorth(planner, taken.node);
    release(snapshot, member.key);
    const gainMilli = here - before + there - freeWorth(planner, to);
    const pays = gainMilli - podMinutes * request.milliPerPodMinute >= request.minGainMilli;
    if (pays) {
      take(snapshot, member.key, to, demand, taken.tenant, placed.gpuIndexes);
      const from = snapshot.nodes[taken.node]?.name ?? '';
      return { member: member.key, from, to: placed.node, gainMilli, podMinutes };
    }
  } else if (placed !== undefined) release(snapshot, member.key);
  putBack(planner, member.key, demand, taken);
  return undefined;
}

function putBack({ snapshot }: Planner, key: string, demand: Compiled, taken: Taken): void {
  const indexes = taken.gpus.map(({ index }) => index);
  take(snapshot, key, taken.node, demand, taken.tenant, indexes);
}

function freeWorth(planner: Planner, node: number): number {
  return planner.chooser.scorer.value?.(node) ?? 0;
}
