import { compile, type Part } from '../demand.ts';
import { constraintKey, eligibleNodes } from '../eligible.ts';
import type { Planner } from '../place.ts';
import { type Member, MILLI_PER_GPU } from '../types.ts';
import type { Room } from './fills.ts';

/** Pods that are alike in all that a placement depends on. */
export interface PodKind {
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  /** Thousandths of one GPU for a share or a single GPU; 0 for several GPUs. */
  readonly milli: number;
  readonly gpus: number;
  /** GPUs that one takes in all. */
  readonly worth: number;
  readonly members: readonly Member[];
}

/** Empty nodes that are alike, and the kinds of pod that may run there. */
export interface NodeType {
  readonly room: Room;
  /** Indexes in the snapshot. */
  readonly nodes: readonly number[];
  readonly allows: readonly boolean[];
  /** Equal for types that allow the same kinds. */
  readonly group: string;
}

/** What a program is made of. */
export interface Matter {
  readonly kinds: readonly PodKind[];
  readonly types: readonly NodeType[];
}

/** Most kinds of a program, the frequent ones first: each is a row, and the work grows with their square. */
const MOST_KINDS = 600;

/** Groups pods that ask for one share or for whole GPUs, and empty nodes of exclusive GPUs; others are left out. */
export function groupMatter(planner: Planner, members: readonly Member[]): Matter {
  const { snapshot } = planner;
  const groups = new Map<string, Member[]>();
  const constraints = new Map<string, Member>();
  for (const member of members) {
    const { key, parts } = compile(snapshot, member);
    if (parts.length !== 1) continue;
    const where = constraintKey(member);
    const group = `${key}/${member.memoryMiB}/${where}`;
    const same = groups.get(group);
    if (same === undefined) groups.set(group, [member]);
    else same.push(member);
    constraints.set(where, member);
  }
  const kinds = [...groups.values()]
    .map((same) => podKind(same, compile(snapshot, same[0] as Member).parts[0] as Part))
    .sort((left, right) => right.members.length - left.members.length)
    .slice(0, MOST_KINDS);
  const bits = new Map([...constraints].map(([key, member]) => [key, eligibleNodes(planner.eligibility, member)]));
  const full = new Set([...snapshot.taken.values()].map(({ node }) => node));
  const byKey = new Map<string, { room: Room; nodes: number[]; allows: boolean[]; group: string }>();
  for (const [node, { cpuMilli, memoryMiB, gpus, model }] of snapshot.nodes.entries()) {
    if (full.has(node) || gpus.count === 0 || snapshot.slotMilli[node] !== MILLI_PER_GPU) continue;
    const where = [...bits.values()].map((each) => each[node]).join('');
    const group = `${where}/${snapshot.gpuResource[node]}`;
    const key = `${model}/${cpuMilli}/${memoryMiB}/${gpus.count}/${group}`;
    const known = byKey.get(key);
    if (known !== undefined) {
      known.nodes.push(node);
      continue;
    }
    const allows = kinds.map(({ members: [first] }) => {
      if (first === undefined || bits.get(constraintKey(first))?.[node] !== 1) return false;
      const part = compile(snapshot, first).parts[0];
      return part?.kind === 'share' || part?.resource === snapshot.gpuResource[node];
    });
    byKey.set(key, { room: { cpuMilli, memoryMiB, gpus: gpus.count }, nodes: [node], allows, group });
  }
  return { kinds, types: [...byKey.values()] };
}

function podKind(members: readonly Member[], part: Part): PodKind {
  const { cpuMilli = 0, memoryMiB = 0 } = members[0] ?? {};
  const gpus = part.kind === 'share' ? 1 : part.count;
  const milli = part.kind === 'share' ? part.milli : part.count === 1 ? MILLI_PER_GPU : 0;
  const worth = part.kind === 'share' ? part.milli / MILLI_PER_GPU : part.count;
  return { cpuMilli, memoryMiB, milli, gpus, worth, members };
}
