import { compile, costMilli } from '../demand.ts';
import { take } from '../hold.ts';
import { type Planner, placeMember } from '../place.ts';
import type { Member, Placement } from '../types.ts';
import { groupMatter, type Matter, type NodeType } from './kinds.ts';
import { type Filled, fillNodes } from './whole.ts';

/** A plan that sees all pods at once. */
export interface OfflinePlan {
  readonly place: readonly Placement[];
  /** GPUs, in thousandths, that the linear program allocates, and what it is shown that none can exceed. */
  readonly programMilli: number;
  readonly ceilingMilli: number;
}

/**
 * Places pods that are all known, so that as much GPU as possible is allocated: the linear program over ways to fill a
 * node, rounded to whole nodes, and what is left by the planner's policy, pods without GPUs last. It refuses whom it
 * likes, so it compares with no class that places whatever fits. Bounded by steps; the same input gives the same plan.
 */
export function placeOffline(planner: Planner, members: readonly Member[]): OfflinePlan {
  const matter = groupMatter(planner, members);
  const { filled, value, ceiling } = fillNodes(matter);
  const place = realise(planner, matter, filled);
  const placed = new Set(place.map(({ member }) => member));
  const asked = (member: Member): number => Number(member.gpus.length > 0);
  const left = members.filter(({ key }) => !placed.has(key)).sort((one, other) => asked(other) - asked(one));
  for (const member of left) {
    const placement = placeMember(planner, member.key, member);
    if (placement !== undefined) place.push(placement);
  }
  return { place, programMilli: Math.round(value * 1000), ceilingMilli: Math.round(ceiling * 1000) };
}

/** Puts pods on nodes and GPUs as the patterns say, the first pods of a kind first. */
function realise({ snapshot }: Planner, { kinds, types }: Matter, filled: readonly Filled[]): Placement[] {
  const nextPod = kinds.map(() => 0);
  const nextNode = types.map(() => 0);
  const place: Placement[] = [];
  for (const { type, gpus } of filled) {
    const node = (types[type] as NodeType).nodes[nextNode[type] ?? 0];
    nextNode[type] = (nextNode[type] ?? 0) + 1;
    if (node === undefined) continue;
    let gpu = 0;
    for (const fillers of gpus) {
      const width = fillers.reduce((most, { gpus: count }) => Math.max(most, count), 0);
      const gpuIndexes = Array.from({ length: width }, (_, at) => gpu + at);
      gpu += width;
      for (const { kind } of fillers) {
        const member = kinds[kind]?.members[nextPod[kind] ?? 0];
        nextPod[kind] = (nextPod[kind] ?? 0) + 1;
        if (member === undefined) continue;
        const demand = compile(snapshot, member);
        if (take(snapshot, member.key, node, demand, undefined, gpuIndexes) === undefined) continue;
        const name = snapshot.nodes[node]?.name ?? '';
        const gpuMilli = costMilli(snapshot, node, demand);
        place.push({ gang: member.key, member: member.key, node: name, gpuMilli, gpuIndexes, devices: [] });
      }
    }
  }
  return place;
}
