import { type Compiled, compile, costMilli } from './demand.ts';
import { type Eligible, eligibleNodes } from './eligible.ts';
import { hold, release, take } from './hold.ts';
import { type Planner, placeMember } from './place.ts';
import { allowanceOf } from './quota.ts';
import type { Taken } from './snapshot.ts';
import type { Holding, Member, Quota } from './types.ts';

/** A pod that runs alone and may be moved. */
export interface Movable {
  /** What it holds now. */
  readonly holding: Holding;
  /** What its successor asks for, under the same key: where it may run does not say where it runs now. */
  readonly member: Member;
  readonly priority: number;
  /** Work that a move loses: the minutes that it has run. */
  readonly podMinutes: number;
  /** Its PodDisruptionBudget as namespace/name. */
  readonly budget?: string;
}

/** A pod that is moved. */
export interface Moved {
  readonly movable: Movable;
  readonly from: string;
  readonly to: string;
}

/** What clearing may do. */
export interface ClearingRules {
  /** Nodes on which room may be made, and to which pods may be moved. */
  readonly nodes: Eligible;
  /** Pods that may be moved, by node. */
  readonly movable: ReadonlyMap<string, readonly Movable[]>;
  /** Pods that may still be moved. */
  readonly moves: number;
  /** Disruptions that each PodDisruptionBudget still allows; one that is missing allows none. */
  readonly disruptions: ReadonlyMap<string, number>;
  /** What the tenant of a pod that is moved may hold. */
  readonly quotasOf: (tenant: string | undefined) => readonly Quota[];
}

/** Nodes for which it is worked out who leaves, the cheapest at a glance first: on many nodes that is most of the time. */
const LOOKED_AT = 64;
/** Nodes of them for which new places are looked for, the cheapest first: each look is some more placements. */
const TRIED = 16;

/**
 * Moves the pods away whose leaving makes room for one more, on the node where that loses the least work, and takes the
 * room under the member's key. Undefined, with nothing changed, where no node can be cleared by the rules.
 */
export function clearFor(planner: Planner, member: Member, rules: ClearingRules): readonly Moved[] | undefined {
  const { snapshot } = planner;
  const demand = compile(snapshot, member);
  const eligible = eligibleNodes(planner.eligibility, member);
  const likely = snapshot.nodes.flatMap((_, node) => {
    if (eligible[node] !== 1 || rules.nodes[node] !== 1) return [];
    const minutes = roughMinutes(planner, node, demand, rules);
    return minutes === undefined ? [] : [{ node, minutes }];
  });
  likely.sort((left, right) => left.minutes - right.minutes || left.node - right.node);
  const found = likely.slice(0, LOOKED_AT).flatMap(({ node }) => {
    const leave = whoLeaves(planner, node, demand, rules);
    return leave === undefined ? [] : [{ node, leave, minutes: sumMinutes(leave) }];
  });
  found.sort((left, right) => left.minutes - right.minutes || left.leave.length - right.leave.length);
  for (const { node, leave } of found.slice(0, TRIED)) {
    const moved = carryOut(planner, node, { key: member.key, demand }, leave, rules);
    if (moved !== undefined) return moved;
  }
  return undefined;
}

/** Minutes of work that moving pods loses. */
function sumMinutes(pods: readonly Movable[]): number {
  return pods.reduce((sum, { podMinutes }) => sum + podMinutes, 0);
}

/** Pods of a node that may be moved, the cheapest first. */
function residents({ snapshot }: Planner, node: number, { movable }: ClearingRules): readonly Movable[] {
  return (movable.get(snapshot.nodes[node]?.name ?? '') ?? [])
    .filter(({ holding }) => snapshot.taken.get(holding.key)?.node === node)
    .sort((left, right) => left.podMinutes - right.podMinutes || (left.holding.key < right.holding.key ? -1 : 1));
}

/** What it costs about to clear a node, by the amount of GPU alone; undefined where all that may leave is too little. */
function roughMinutes(planner: Planner, node: number, demand: Compiled, rules: ClearingRules): number | undefined {
  const { snapshot } = planner;
  let missing = costMilli(snapshot, node, demand) - (snapshot.idleMilli[node] as number);
  let minutes = 0;
  for (const { holding, podMinutes } of residents(planner, node, rules)) {
    if (missing <= 0) break;
    missing -= snapshot.taken.get(holding.key)?.gpuMilli ?? 0;
    minutes += podMinutes;
  }
  return missing > 0 ? undefined : minutes;
}

/** The cheapest pods of a node without which a demand fits, nobody who could stay among them; the snapshot is as before. */
function whoLeaves(
  planner: Planner,
  node: number,
  demand: Compiled,
  rules: ClearingRules,
): readonly Movable[] | undefined {
  const { snapshot } = planner;
  const { disruptions, moves } = rules;
  const fits = (): boolean => {
    if (take(snapshot, TRIAL, node, demand) === undefined) return false;
    release(snapshot, TRIAL);
    return true;
  };
  const left = new Map(disruptions);
  const out = new Map<Movable, Taken>();
  for (const one of residents(planner, node, rules)) {
    if (fits() || out.size >= moves + SPARE) break;
    const { budget, holding } = one;
    if (budget !== undefined && (left.get(budget) ?? 0) < 1) continue;
    if (budget !== undefined) left.set(budget, (left.get(budget) ?? 0) - 1);
    out.set(one, leaveNode(snapshot, holding.key));
  }
  const room = out.size > 0 && fits();
  const stay: Movable[] = [];
  for (const one of room ? [...out.keys()].reverse() : []) {
    comeBack(snapshot, one, out.get(one));
    if (fits()) stay.push(one);
    else release(snapshot, one.holding.key);
  }
  const leave = [...out.keys()].filter((one) => !stay.includes(one));
  for (const one of leave) comeBack(snapshot, one, out.get(one));
  return room && leave.length <= moves ? leave : undefined;
}

/** Key of a demand that is only tried. */
const TRIAL = '/clearing';
/** Pods beyond what may be moved that are looked at: cheap small ones often turn out not to be needed. */
const SPARE = 32;

/** Moves pods away from a node and takes the room they leave; undefined, with nothing changed, when one finds no place. */
function carryOut(
  planner: Planner,
  node: number,
  { key, demand }: { readonly key: string; readonly demand: Compiled },
  leave: readonly Movable[],
  { nodes, quotasOf }: ClearingRules,
): readonly Moved[] | undefined {
  const { snapshot } = planner;
  const before = new Map(leave.map((one) => [one, leaveNode(snapshot, one.holding.key)]));
  const elsewhere = nodes.map((bit, at) => (at === node ? 0 : bit));
  const moved: Moved[] = [];
  const largestFirst = [...leave].sort((a, b) => (before.get(b)?.gpuMilli ?? 0) - (before.get(a)?.gpuMilli ?? 0));
  const done = take(snapshot, key, node, demand) !== undefined;
  for (const movable of done ? largestFirst : []) {
    const { tenant } = movable.holding;
    const allowance = allowanceOf(snapshot, quotasOf(tenant), tenant);
    const place = placeMember(planner, '', movable.member, tenant, allowance, undefined, elsewhere);
    if (place === undefined) break;
    moved.push({ movable, from: movable.holding.node, to: place.node });
  }
  if (done && moved.length === leave.length) return moved;
  release(snapshot, key);
  for (const { movable } of moved) release(snapshot, movable.holding.key);
  for (const [one, taken] of before) comeBack(snapshot, one, taken);
  return undefined;
}

function leaveNode(snapshot: Planner['snapshot'], key: string): Taken {
  const taken = snapshot.taken.get(key) as Taken;
  release(snapshot, key);
  return taken;
}

/** Puts a pod back where it was: it runs there, whether or not its node has that room. */
export function comeBack(
  snapshot: Planner['snapshot'],
  { holding }: Pick<Movable, 'holding'>,
  taken: Taken | undefined,
): void {
  hold(snapshot, { ...holding, gpuIndexes: taken?.gpus.map(({ index }) => index) });
}
