import type { Snapshot } from '../snapshot.ts';
import { MILLI_PER_GPU } from '../types.ts';
import type { Seen, SeenShape } from './seen.ts';

/** Thousandths of a GPU in one step of the value tables, and the temperature of the soft maximum. */
export const STEP = 10;
/** Steps in a whole GPU. */
export const STEPS = MILLI_PER_GPU / STEP;

/** Devices of one resource that are counted, not cut: whole GPUs, time-slices or MIG devices. */
export interface Counter {
  readonly resource: number;
  /** Most devices on a node of the class. */
  readonly most: number;
  /** True for whole GPUs, which can also be cut into shares. */
  readonly divisible: boolean;
  /** Shapes that take several devices at once (one or more where the devices cannot be cut). */
  readonly shapes: SeenShape[];
}

/** Nodes whose GPUs serve the same shapes in the same way. */
export interface NodeClass {
  readonly counters: Counter[];
  /** Shapes that take a part of one GPU or all of it, by size in steps, ascending. */
  readonly sizes: { readonly size: number; readonly shapes: SeenShape[] }[];
  readonly nodes: number[];
}

/** The classes of a snapshot under the shapes seen so far. */
export interface Classes {
  readonly all: readonly NodeClass[];
  readonly ofNode: Int32Array;
  readonly shapes: number;
  /** Generation of the shapes, see `Seen`. */
  readonly generation: number;
}

/** Groups nodes by what is advertised and by which of the model sets seen allow them. */
export function createClasses(snapshot: Snapshot, seen: Seen): Classes {
  const sets = [...new Set(seen.shapes.map(({ models }) => models))].filter((models) => models !== '');
  const members = sets.map((models) => new Set(models.split('|')));
  const byKey = new Map<string, number>();
  const all: NodeClass[] = [];
  const ofNode = new Int32Array(snapshot.nodes.length);
  for (const [node, facts] of snapshot.nodes.entries()) {
    const allowed = members.map((set) => (set.has(facts.model) ? 1 : 0)).join('');
    const named = facts.resources.map(({ name }) => name).join(',');
    const key = `${allowed}/${snapshot.gpuResource[node]}/${snapshot.slotMilli[node]}/${named}`;
    let at = byKey.get(key);
    if (at === undefined) {
      at = all.length;
      byKey.set(key, at);
      all.push(emptyClass(snapshot, seen, node, (models) => models === '' || allowed[sets.indexOf(models)] === '1'));
    }
    ofNode[node] = at;
    (all[at] as NodeClass).nodes.push(node);
  }
  for (const one of all) growCounters(snapshot, one);
  return { all, ofNode, shapes: seen.shapes.length, generation: seen.generation };
}

function emptyClass(snapshot: Snapshot, seen: Seen, node: number, allows: (models: string) => boolean): NodeClass {
  const facts = snapshot.nodes[node];
  const own = snapshot.gpuResource[node] as number;
  const divisible = snapshot.slotMilli[node] === MILLI_PER_GPU;
  const counters: Counter[] = [{ resource: own, most: 0, divisible, shapes: [] }];
  for (const { name } of facts?.resources ?? []) {
    counters.push({ resource: snapshot.resourceIds.get(name) ?? -1, most: 0, divisible: false, shapes: [] });
  }
  const bySize = new Map<number, SeenShape[]>();
  for (const shape of seen.shapes) {
    if (!allows(shape.models)) continue;
    const whole = shape.resource === own && divisible && shape.amount === 1;
    if (shape.resource >= 0 && !whole) {
      counters.find(({ resource }) => resource === shape.resource)?.shapes.push(shape);
      continue;
    }
    if (!divisible) continue;
    const size = whole ? STEPS : Math.ceil(shape.amount / STEP);
    const same = bySize.get(size);
    if (same === undefined) bySize.set(size, [shape]);
    else same.push(shape);
  }
  const sizes = [...bySize].map(([size, shapes]) => ({ size, shapes })).sort((left, right) => left.size - right.size);
  return { counters, sizes, nodes: [] };
}

function growCounters(snapshot: Snapshot, one: NodeClass): void {
  for (const [at, counter] of one.counters.entries()) {
    const most = Math.max(...one.nodes.map((node) => devicesOf(snapshot, node, counter.resource)));
    one.counters[at] = { ...counter, most };
  }
}

function devicesOf(snapshot: Snapshot, node: number, resource: number): number {
  const facts = snapshot.nodes[node];
  if (facts === undefined) return 0;
  if (snapshot.gpuResource[node] === resource) return facts.gpus.count * Math.max(1, facts.gpus.replicas);
  const name = facts.resources.find((each) => snapshot.resourceIds.get(each.name) === resource);
  return name?.count ?? 0;
}
