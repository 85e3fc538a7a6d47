import { release } from './hold.ts';
import { type Planner, placeMember } from './place.ts';
import { type Random, shuffled } from './random.ts';
import type { Member, Placement } from './types.ts';

/** Orders of a window that are tried; the first is the order of arrival. */
const ORDERS = 6;

/**
 * Places the pods of a window in the best of several orders: the one after which what is allocated and what is free are
 * together worth most, by the measure of the planner's policy; the earlier order among equals. Bounded by the number of
 * orders, so the same random numbers give the same plan.
 */
export function placeWindow(planner: Planner, members: readonly Member[], random: Random): readonly Placement[] {
  let best: { readonly order: readonly Member[]; readonly worth: number } | undefined;
  for (let at = 0; at < ORDERS; at++) {
    const order = at === 0 ? members : shuffled(members, random);
    const worth = worthOf(planner, order);
    if (best === undefined || worth > best.worth) best = { order, worth };
  }
  return placeAll(planner, best?.order ?? members);
}

function placeAll(planner: Planner, members: readonly Member[]): Placement[] {
  return members.flatMap((member) => placeMember(planner, member.key, member) ?? []);
}

/** Worth of the fleet's change if the pods are placed in this order; the snapshot is afterwards as before. */
function worthOf(planner: Planner, order: readonly Member[]): number {
  const { snapshot, chooser } = planner;
  const value = (node: number): number => chooser.scorer.value?.(node) ?? 0;
  const placed = placeAll(planner, order);
  const nodes = [...new Set(placed.map(({ node }) => snapshot.indexOf.get(node) ?? 0))];
  const allocated = placed.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
  const after = nodes.reduce((sum, node) => sum + value(node), 0);
  for (const { member } of placed) release(snapshot, member);
  return allocated + after - nodes.reduce((sum, node) => sum + value(node), 0);
}
