import { compile } from './demand.ts';
import type { Eligible } from './eligible.ts';
import { devicesFit } from './hold.ts';
import { createSnapshot, type Snapshot } from './snapshot.ts';
import type { Member, NodeFacts } from './types.ts';

/** Nodes of one pool that are alike when empty, by index in the snapshot. */
export interface NodeKind {
  readonly node: NodeFacts;
  readonly indexes: readonly number[];
}

/** The kinds of node of a snapshot: what could ever fit is asked of each kind once instead of each node. */
export interface NodeKinds {
  readonly kinds: readonly NodeKind[];
  /** One empty node of each kind, in the order of `kinds`. */
  readonly empty: Snapshot;
  readonly facts: number;
}

/** Groups the nodes of a snapshot. */
export function createKinds(snapshot: Snapshot): NodeKinds {
  const groups = new Map<string, { node: NodeFacts; indexes: number[] }>();
  for (const [index, node] of snapshot.nodes.entries()) {
    const { model, pool, cpuMilli, memoryMiB, pods, gpus, resources, room } = node;
    const key = JSON.stringify([model, pool, cpuMilli, memoryMiB, pods, gpus, resources, room]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { node, indexes: [index] });
    else group.indexes.push(index);
  }
  const kinds = [...groups.values()];
  return { kinds, empty: createSnapshot(kinds.map(({ node }) => node)), facts: snapshot.facts };
}

/** Positions of the kinds that could run a member if nothing else ran on them. */
export function kindsThatFit({ empty, kinds }: NodeKinds, member: Member): readonly number[] {
  const demand = compile(empty, member);
  return kinds.flatMap((_, kind) => {
    const roomy =
      (empty.cpuFree[kind] as number) >= demand.cpuMilli &&
      (empty.memoryFree[kind] as number) >= demand.memoryMiB &&
      (empty.podsFree[kind] as number) >= 1;
    return roomy && devicesFit(empty, kind, demand.parts) ? [kind] : [];
  });
}

/** Whether a member may run on at least one node of a kind. */
export function allows(eligible: Eligible, kind: NodeKind): boolean {
  return kind.indexes.some((index) => eligible[index] === 1);
}
