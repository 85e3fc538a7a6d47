import type { Snapshot } from '../snapshot.ts';

/** One domain of a level: a rack, a zone. */
export interface Domain {
  /** Values of the labels of its level and those before it: `zone-a/rack-3`. */
  readonly name: string;
  /** Position of its level. */
  readonly level: number;
  /** Indexes of its nodes in the snapshot. */
  readonly nodes: readonly number[];
  /** Domains of the next level inside it. */
  readonly children: readonly Domain[];
}

/** The nodes of a fleet by domain. */
export interface Domains {
  /** Domains by level, widest level first, in the order of their first node. */
  readonly byLevel: readonly (readonly Domain[])[];
  /** Snapshot's count of changed facts that this was read at. */
  readonly facts: number;
}

/** Bound on remembered lists of levels; pools have few. */
const MAX_KNOWN = 16;
const known = new WeakMap<Snapshot, Map<string, Domains>>();

/** The domains of a snapshot's nodes under some levels; remembered until labels change. */
export function domainsOf(snapshot: Snapshot, levels: readonly string[]): Domains {
  const remembered = known.get(snapshot) ?? new Map<string, Domains>();
  known.set(snapshot, remembered);
  const key = JSON.stringify(levels);
  const before = remembered.get(key);
  if (before?.facts === snapshot.facts) return before;
  if (remembered.size >= MAX_KNOWN) remembered.clear();
  const made = read(snapshot, levels);
  remembered.set(key, made);
  return made;
}

interface Draft {
  readonly name: string;
  readonly level: number;
  readonly nodes: number[];
  readonly children: Draft[];
}

function read(snapshot: Snapshot, levels: readonly string[]): Domains {
  const byLevel = levels.map(() => new Map<string, Draft>());
  for (const [index, node] of snapshot.nodes.entries()) {
    let parent: Draft | undefined;
    for (const [level, key] of levels.entries()) {
      const value = node.labels[key];
      if (value === undefined) break;
      const name: string = parent === undefined ? value : `${parent.name}/${value}`;
      const at = byLevel[level] as Map<string, Draft>;
      let domain = at.get(name);
      if (domain === undefined) {
        domain = { name, level, nodes: [], children: [] };
        at.set(name, domain);
        parent?.children.push(domain);
      }
      domain.nodes.push(index);
      parent = domain;
    }
  }
  return { byLevel: byLevel.map((at) => [...at.values()]), facts: snapshot.facts };
}
