import type { Snapshot } from '../snapshot.ts';
import { MILLI_PER_GPU } from '../types.ts';
import { type NodeClass, STEP } from './classes.ts';
import type { Values } from './prices.ts';
import { freeDevices } from './states.ts';
import type { Table } from './tables.ts';

/** How what is free on a node would change: devices of one counter, and the free part of one GPU (in steps). */
export interface Change {
  /** Counter of the node's class, or -1. */
  counter: number;
  countBefore: number;
  countAfter: number;
  partBefore: number;
  partAfter: number;
}

/** A change of nothing. */
export const NO_CHANGE: Readonly<Change> = { counter: -1, countBefore: 0, countAfter: 0, partBefore: 0, partAfter: 0 };

/**
 * Values of nodes as they are and as they would be, V = min over λ of λ·CPU + Σ values of GPUs and counters. The sums
 * are kept by node; λ ↦ V is convex, so the minimum is found by walking down from the last one.
 */
export class NodeValues {
  readonly #snapshot: Snapshot;
  readonly #lambdas: Float64Array;
  readonly #sums: Float64Array;
  readonly #now: Float64Array;
  readonly #lowest: Int32Array;
  readonly #version: Uint32Array;
  #values: Values;

  constructor(snapshot: Snapshot, lambdas: Float64Array, values: Values) {
    const nodes = snapshot.nodes.length;
    this.#snapshot = snapshot;
    this.#lambdas = lambdas;
    this.#values = values;
    this.#sums = new Float64Array(nodes * lambdas.length);
    this.#now = new Float64Array(nodes);
    this.#lowest = new Int32Array(nodes);
    this.#version = new Uint32Array(nodes);
  }

  /** Replaces the values; all that was remembered is void. */
  use(values: Values): void {
    this.#values = values;
    this.#version.fill(0);
  }

  /** The class of a node. */
  classOf(node: number): NodeClass {
    const { classes } = this.#values;
    return classes.all[classes.ofNode[node] as number] as NodeClass;
  }

  /** What the node's value changes by if its free CPU becomes `cpuMilli` and `change` happens. */
  gain(node: number, cpuMilli: number, change: Readonly<Change>): number {
    this.#sync(node);
    return this.#value(node, cpuMilli, change) - (this.#now[node] as number);
  }

  /** The value of a node as it is. */
  now(node: number): number {
    this.#sync(node);
    return this.#now[node] as number;
  }

  #sync(node: number): void {
    const version = this.#snapshot.version[node] as number;
    if (this.#version[node] === version) return;
    this.#version[node] = version;
    this.#addUp(node);
    this.#now[node] = this.#value(node, this.#snapshot.cpuFree[node] as number, NO_CHANGE, true);
  }

  #value(node: number, cpuMilli: number, change: Readonly<Change>, remember = false): number {
    const tables = this.#values.tables[this.#values.classes.ofNode[node] as number] as readonly Table[];
    const last = this.#lambdas.length - 1;
    let k = this.#lowest[node] as number;
    let value = this.#at(tables, node, k, cpuMilli, change);
    const start = k;
    while (k < last) {
      const next = this.#at(tables, node, k + 1, cpuMilli, change);
      if (next >= value) break;
      value = next;
      k++;
    }
    while (k <= start && k > 0) {
      const next = this.#at(tables, node, k - 1, cpuMilli, change);
      if (next >= value) break;
      value = next;
      k--;
    }
    if (remember) this.#lowest[node] = k;
    return value;
  }

  #at(tables: readonly Table[], node: number, k: number, cpuMilli: number, change: Readonly<Change>): number {
    const { part, whole } = tables[k] as Table;
    let value = (this.#lambdas[k] as number) * cpuMilli + (this.#sums[node * this.#lambdas.length + k] as number);
    if (change.counter >= 0) {
      const counter = whole[change.counter] as Float64Array;
      value += (counter[change.countAfter] as number) - (counter[change.countBefore] as number);
    }
    return value + (part[change.partAfter] as number) - (part[change.partBefore] as number);
  }

  #addUp(node: number): void {
    const { ofNode } = this.#values.classes;
    const tables = this.#values.tables[ofNode[node] as number] as readonly Table[];
    const snapshot = this.#snapshot;
    const from = node * tables.length;
    this.#sums.fill(0, from, from + tables.length);
    for (const [c, { divisible, resource }] of this.classOf(node).counters.entries()) {
      const free = divisible ? wholeGpus(snapshot, node) : freeDevices(snapshot, node, resource);
      for (let k = 0; k < tables.length; k++) this.#add(from + k, (tables[k] as Table).whole[c]?.[free] ?? 0);
    }
    if (snapshot.slotMilli[node] !== MILLI_PER_GPU) return;
    const first = node * snapshot.gpuStride;
    for (let gpu = first; gpu < first + snapshot.gpuStride; gpu++) {
      const free = snapshot.gpuFree[gpu] as number;
      if (free === MILLI_PER_GPU || free < STEP) continue;
      const part = Math.floor(free / STEP);
      for (let k = 0; k < tables.length; k++) this.#add(from + k, (tables[k] as Table).part[part] as number);
    }
  }

  #add(at: number, value: number): void {
    this.#sums[at] = (this.#sums[at] as number) + value;
  }
}

/** GPUs of a node that are free as a whole. */
export function wholeGpus(snapshot: Snapshot, node: number): number {
  const from = node * snapshot.gpuStride;
  let whole = 0;
  for (let gpu = from; gpu < from + snapshot.gpuStride; gpu++) if (snapshot.gpuFree[gpu] === MILLI_PER_GPU) whole++;
  return whole;
}
