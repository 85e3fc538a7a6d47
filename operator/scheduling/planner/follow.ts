import { hold, release } from './hold.ts';
import { createSnapshot, type Snapshot, sameCapacity, type Taken, updateNode } from './snapshot.ts';
import type { Holding, NodeFacts } from './types.ts';

/** A snapshot that follows the world, and what it was told last. */
export interface Followed {
  readonly snapshot: Snapshot;
  /** What is held by key, and the entry of the snapshot that stands for it. */
  readonly applied: Map<string, { readonly holding: Holding; readonly taken: Taken }>;
}

/**
 * A snapshot of nodes and what is held on them. Each node is filled in the order of keys, so that the same holdings
 * always give the same snapshot; of two holdings under one key the first counts.
 */
export function createFollowed(nodes: readonly NodeFacts[], held: readonly Holding[]): Followed {
  const followed: Followed = { snapshot: createSnapshot(nodes), applied: new Map() };
  fill(followed, [...firstByKey(held).values()]);
  return followed;
}

/**
 * Brings a snapshot up to date: nodes of which something changed are emptied and filled again, the others are not
 * touched. Whatever a plan placed, tried or left behind in between is undone unless it is held now, so the result is
 * the one that `createFollowed` gives. False, with nothing changed, when nodes came or went or offer something else:
 * then it must be made anew.
 */
export function follow(followed: Followed, nodes: readonly NodeFacts[], held: readonly Holding[]): boolean {
  const { snapshot, applied } = followed;
  const changed = changedNodes(snapshot, nodes);
  if (changed === undefined) return false;
  const wanted = firstByKey(held);
  const dirty = dirtyNodes(followed, wanted);
  for (const { name } of changed) dirty.add(snapshot.indexOf.get(name) as number);
  for (const [key, { node }] of snapshot.taken) if (dirty.has(node)) release(snapshot, key);
  for (const key of applied.keys()) if (!snapshot.taken.has(key)) applied.delete(key);
  for (const facts of changed) updateNode(snapshot, facts);
  const again = [...wanted.values()].filter(({ node }) => dirty.has(snapshot.indexOf.get(node) ?? -1));
  fill(followed, again);
  return true;
}

function firstByKey(held: readonly Holding[]): ReadonlyMap<string, Holding> {
  const wanted = new Map<string, Holding>();
  for (const holding of held) if (!wanted.has(holding.key)) wanted.set(holding.key, holding);
  return wanted;
}

/** Nodes of which labels, taints, pool or readiness changed; undefined where the fleet is another. */
function changedNodes(snapshot: Snapshot, nodes: readonly NodeFacts[]): readonly NodeFacts[] | undefined {
  if (nodes.length !== snapshot.nodes.length) return undefined;
  const changed: NodeFacts[] = [];
  for (const [index, facts] of nodes.entries()) {
    const known = snapshot.nodes[index];
    if (known === facts) continue;
    if (known?.name !== facts.name || !sameCapacity(known, facts)) return undefined;
    if (JSON.stringify(known) !== JSON.stringify(facts)) changed.push(facts);
  }
  return changed;
}

/** Nodes on which what is taken is not what was applied, or what was applied is not what is wanted. */
function dirtyNodes({ snapshot, applied }: Followed, wanted: ReadonlyMap<string, Holding>): Set<number> {
  const dirty = new Set<number>();
  for (const [key, taken] of snapshot.taken) {
    const known = applied.get(key);
    if (known?.taken !== taken || wanted.get(key) !== known.holding) dirty.add(taken.node);
  }
  for (const [key, holding] of wanted) {
    const node = snapshot.indexOf.get(holding.node);
    if (node === undefined) continue;
    const known = applied.get(key);
    if (known?.holding !== holding || snapshot.taken.get(key) !== known.taken) dirty.add(node);
  }
  return dirty;
}

function fill({ snapshot, applied }: Followed, holdings: Holding[]): void {
  holdings.sort((left, right) => (left.key < right.key ? -1 : 1));
  for (const holding of holdings) {
    if (!hold(snapshot, holding)) continue;
    applied.set(holding.key, { holding, taken: snapshot.taken.get(holding.key) as Taken });
  }
}
