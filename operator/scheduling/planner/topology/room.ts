import { type Compiled, compile, type Part } from '../demand.ts';
import { eligibleNodes } from '../eligible.ts';
import { takeDevices, untakeDevices } from '../hold.ts';
import type { Planner } from '../planner.ts';
import type { Snapshot } from '../snapshot.ts';
import { type Member, MILLI_PER_GPU } from '../types.ts';
import type { Domain } from './domains.ts';

/** Members that ask for the same under the same constraints, and how many of them each node still takes. */
export interface Shape {
  readonly members: readonly Member[];
  readonly byNode: Int32Array;
}

/** The shapes of some members, with the room that every node has for each alone. */
export function shapesOf(planner: Planner, members: readonly Member[]): readonly Shape[] {
  const groups = new Map<string, Member[]>();
  for (const member of members) {
    const { cpuMilli, memoryMiB, gpus, where, tolerations } = member;
    const key = JSON.stringify([cpuMilli, memoryMiB, gpus, where, tolerations]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [member]);
    else group.push(member);
  }
  return [...groups.values()].map((group) => ({ members: group, byNode: roomByNode(planner, group) }));
}

/** Members of a shape that a domain takes, if nothing else goes there. */
export function roomIn({ byNode }: Shape, { nodes }: Pick<Domain, 'nodes'>): number {
  let sum = 0;
  for (const node of nodes) sum += byNode[node] as number;
  return sum;
}

function roomByNode(planner: Planner, group: readonly Member[]): Int32Array {
  const { snapshot } = planner;
  const first = group[0] as Member;
  const demand = compile(snapshot, first);
  const eligible = eligibleNodes(planner.eligibility, first);
  return Int32Array.from(snapshot.nodes, (_, node) =>
    eligible[node] === 1 ? timesOn(snapshot, node, demand, group.length) : 0,
  );
}

/** How often a demand fits on a node as it is, up to `most`. */
function timesOn(snapshot: Snapshot, node: number, demand: Compiled, most: number): number {
  const { cpuMilli, memoryMiB, parts } = demand;
  let times = Math.min(most, snapshot.podsFree[node] as number);
  if (cpuMilli > 0) times = Math.min(times, Math.floor((snapshot.cpuFree[node] as number) / cpuMilli));
  if (memoryMiB > 0) times = Math.min(times, Math.floor((snapshot.memoryFree[node] as number) / memoryMiB));
  if (times <= 0) return 0;
  const only = parts[0];
  if (only === undefined) return times;
  return Math.min(times, parts.length === 1 ? devicesOn(snapshot, node, only) : packed(snapshot, node, parts, times));
}

/** How often one part fits by devices alone. */
function devicesOn(snapshot: Snapshot, node: number, part: Part): number {
  if (part.kind === 'devices' && snapshot.gpuResource[node] !== part.resource) {
    if (part.resource < 0) return 0;
    return Math.floor((snapshot.namedFree[node * snapshot.namedStride + part.resource] as number) / part.count);
  }
  const slot = snapshot.slotMilli[node] as number;
  if (part.kind === 'share' && slot !== MILLI_PER_GPU) return 0;
  const each = part.kind === 'share' ? part.milli : slot;
  let slots = 0;
  for (let at = node * snapshot.gpuStride; at < (node + 1) * snapshot.gpuStride; at++) {
    slots += Math.floor(Math.max(0, snapshot.gpuFree[at] as number) / each);
  }
  return part.kind === 'share' ? slots : Math.floor(slots / part.count);
}

/** How often several parts together fit, found by taking them. */
function packed(snapshot: Snapshot, node: number, parts: readonly Part[], most: number): number {
  const taken: NonNullable<ReturnType<typeof takeDevices>>[] = [];
  while (taken.length < most) {
    const draft = takeDevices(snapshot, node, parts);
    if (draft === undefined) break;
    taken.push(draft);
  }
  for (const draft of taken) untakeDevices(snapshot, node, draft);
  return taken.length;
}
