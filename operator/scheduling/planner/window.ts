import { release } from './hold.ts';
import { type Planner, placeMember } from './place.ts';
import { type PlanRequest, placeQueue, planQueue } from './plan.ts';
import { type Random, shuffled } from './random.ts';
import type { Gang, Member, Placement, PlanOutput } from './types.ts';

/** Orders of a window that are tried; the first is the order of arrival. */
const ORDERS = 6;
/** Pods planned for the trials of one window: a longer queue is tried in fewer orders, so that it is not planned late. */
const TRIAL_PODS = 6_000;

/** A plan of a queue of which some came together. */
export interface WindowPlan extends PlanOutput {
  /** Whether another order than that of arrival was worth more. */
  readonly reordered: boolean;
}

/**
 * Places the pods of a window in the best of several orders: the one after which what is allocated and what is free are
 * together worth most, by the measure of the planner's policy; the earlier order among equals. Bounded by the number of
 * orders, so the same random numbers give the same plan.
 */
export function placeWindow(planner: Planner, members: readonly Member[], random: Random): readonly Placement[] {
  const place = (order: readonly Member[]): readonly Placement[] =>
    order.flatMap((member) => placeMember(planner, member.key, member) ?? []);
  return place(bestOrder(planner, members, ORDERS, random, place));
}

/**
 * Plans a queue of which the gangs with the keys of `window` count as having come at the same time: those of equal
 * priority are tried in the best of several orders, see `placeWindow`. All others keep their turn.
 */
export function planWindow(
  planner: Planner,
  request: PlanRequest,
  window: ReadonlySet<string>,
  random: Random,
): WindowPlan {
  const together = request.queue.filter(({ key, heldBack }) => heldBack === undefined && window.has(key));
  const pods = request.queue.reduce((sum, { members }) => sum + members.length, 0);
  const orders = Math.min(ORDERS, Math.floor(TRIAL_PODS / Math.max(1, pods)));
  const queueOf = (order: readonly Gang[]): readonly Gang[] => inTurn(request.queue, together, order);
  const best =
    together.length < 2
      ? together
      : bestOrder(planner, together, orders, random, (order) =>
          [...placeQueue(planner, { ...request, queue: queueOf(order) }).placed.values()].flat(),
        );
  return { ...planQueue(planner, { ...request, queue: queueOf(best) }), reordered: best !== together };
}

/** The queue with the gangs of the window in this order: each priority's among the turns that its gangs have. */
function inTurn(queue: readonly Gang[], window: readonly Gang[], order: readonly Gang[]): readonly Gang[] {
  if (order === window) return queue;
  const turns = new Map<string, Gang>();
  for (const [priority, slots] of Map.groupBy(window, (gang) => gang.priority)) {
    const gangs = order.filter((gang) => gang.priority === priority);
    // Gangs that came in the same second would else go by their names.
    for (const [at, { key, since }] of slots.entries()) {
      turns.set(key, { ...(gangs[at] as Gang), since: since + at / slots.length });
    }
  }
  return queue.map((gang) => turns.get(gang.key) ?? gang);
}

/** The order in which placing is worth most; the snapshot is afterwards as before. */
function bestOrder<Item>(
  planner: Planner,
  items: readonly Item[],
  orders: number,
  random: Random,
  place: (order: readonly Item[]) => readonly Placement[],
): readonly Item[] {
  if (orders < 2) return items;
  let best = { order: items, worth: worthOf(planner, () => place(items)) };
  for (let at = 1; at < orders; at++) {
    const order = shuffled(items, random);
    const worth = worthOf(planner, () => place(order));
    if (worth > best.worth) best = { order, worth };
  }
  return best.order;
}

/** Worth of the fleet's change if this is placed; the snapshot is afterwards as before. */
function worthOf(planner: Planner, place: () => readonly Placement[]): number {
  const { snapshot, chooser } = planner;
  const value = (node: number): number => chooser.scorer.value?.(node) ?? 0;
  const before = snapshot.taken.size;
  const placed = place();
  const nodes = [...new Set(placed.map(({ node }) => snapshot.indexOf.get(node) ?? 0))];
  const allocated = placed.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0);
  const after = nodes.reduce((sum, node) => sum + value(node), 0);
  // What is held for somebody goes too: all that was taken last.
  for (const key of [...snapshot.taken.keys()].slice(before)) release(snapshot, key);
  return allocated + after - nodes.reduce((sum, node) => sum + value(node), 0);
}
