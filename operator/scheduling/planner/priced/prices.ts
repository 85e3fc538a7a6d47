import type { Snapshot } from '../snapshot.ts';
import { type Classes, createClasses } from './classes.ts';
import type { Seen, SeenShape } from './seen.ts';
import { readStates, type States } from './states.ts';
import { createOccurrence, createTable, fillTable, type Occurrence, spread, type Table } from './tables.ts';

/**
 * CPU prices tried for each node, spaced evenly in the logarithm over two decades around the fleet's own ratio of GPU
 * to CPU: a price outside them would mean that a node's CPU is worth a tenth or ten times its GPUs.
 */
const CPU_PRICES = 21;
const CPU_PRICE_SPAN = 100;
/** Rounds of one cycle, and how far a price moves in a round: wide at first, then fine. */
export const ROUNDS = 12;
const FIRST_RATE = 0.05;
const LAST_RATE = 0.02;
/** A price stays above this part of what the shape takes, so that it can come back. */
const LEAST_PRICE = 0.001;
/** A shape served beyond this many times what can still come of it counts no further. */
const MOST_SERVED = 3;

/** Values of everything a node can have free, for each class of nodes and each price of CPU. */
export interface Values {
  readonly classes: Classes;
  /** By class and then by CPU price. */
  readonly tables: readonly (readonly Table[])[];
  /** What was free when they were begun, by class. */
  readonly states: readonly States[];
}

/** Prices of CPU in GPU thousandths per CPU thousandth, ascending. */
export function cpuPrices(snapshot: Snapshot): Float64Array {
  const cpuMilli = snapshot.nodes.reduce((sum, node) => sum + node.cpuMilli, 0);
  const natural = snapshot.capacityMilli / Math.max(1, cpuMilli);
  return Float64Array.from(
    { length: CPU_PRICES },
    (_, at) => natural * CPU_PRICE_SPAN ** (at / (CPU_PRICES - 1) - 0.5),
  );
}

/** Values at the present prices, for the shapes seen so far and what is free now; `known` saves finding the classes. */
export function createValues(snapshot: Snapshot, seen: Seen, lambdas: Float64Array, known?: Classes): Values {
  const current = known?.shapes === seen.shapes.length && known.generation === seen.generation;
  const classes = current ? known : createClasses(snapshot, seen);
  const values = {
    classes,
    tables: classes.all.map((one) => Array.from(lambdas, () => createTable(one))),
    states: classes.all.map((one) => readStates(snapshot, one)),
  };
  fillValues(values, lambdas);
  return values;
}

function fillValues({ classes, tables }: Values, lambdas: Float64Array): void {
  for (const [at, one] of classes.all.entries()) {
    for (const [k, table] of (tables[at] as readonly Table[]).entries()) fillTable(table, one, lambdas[k] as number);
  }
}

/**
 * One round: moves the prices so that the soft best fill of what is idle serves all shapes in proportion to their
 * demand. What it serves too little gets dearer, what it serves too much cheaper. `round` counts within a cycle.
 */
export function reprice(values: Values, snapshot: Snapshot, seen: Seen, lambdas: Float64Array, round: number): void {
  const shapes = seen.shapes.slice(0, values.classes.shapes);
  const idle = snapshot.idleMilli.reduce((sum, each) => sum + each, 0);
  const demand = shapes.reduce((sum, shape) => sum + shape.count * shape.gpuMilli, 0);
  if (idle === 0 || demand === 0) return;
  movePrices(shapes, servedBy(values, lambdas), idle / demand, round);
  fillValues(values, lambdas);
}

/** What has a price: how often it was asked for, and what it takes. */
export interface Priced extends Pick<SeenShape, 'index' | 'gpuMilli' | 'count'> {
  price: number;
}

/**
 * Moves prices by how well each shape is served (`used`, by its index) beside the others. `most` is how often the demand
 * seen so far fits what is idle; `round` counts within a cycle.
 */
export function movePrices(shapes: readonly Priced[], used: Float64Array, most: number, round: number): void {
  const rate = FIRST_RATE * (LAST_RATE / FIRST_RATE) ** (round / (ROUNDS - 1));
  let served = 0;
  let wanted = 0;
  for (const shape of shapes) {
    served += shape.price * Math.min(used[shape.index] as number, MOST_SERVED * most * shape.count);
    wanted += shape.price * shape.count;
  }
  const target = served / wanted;
  if (!(target > 0)) return;
  for (const shape of shapes) {
    const gap = 1 - (used[shape.index] as number) / (target * shape.count);
    const moved = shape.price * Math.exp(rate * Math.min(1, Math.max(-1, gap)));
    shape.price = Math.min(shape.gpuMilli, Math.max(LEAST_PRICE * shape.gpuMilli, moved));
  }
}

function servedBy(values: Values, lambdas: Float64Array): Float64Array {
  const used = new Float64Array(values.classes.shapes);
  for (const [at, one] of values.classes.all.entries()) {
    const tables = values.tables[at] as readonly Table[];
    const occurring = tables.map(() => createOccurrence(one));
    const state = values.states[at] as States;
    for (let i = 0; i < state.cpu.length; i++) occur(tables, state, i, one.counters.length, occurring);
    for (const [k, table] of tables.entries()) {
      spread(table, one, lambdas[k] as number, occurring[k] as Occurrence, used);
    }
  }
  return used;
}

/** Puts a node under the CPU prices at which the expected fill uses exactly its CPU. */
function occur(
  tables: readonly Table[],
  state: States,
  i: number,
  stride: number,
  occurring: readonly Occurrence[],
): void {
  const free = state.cpu[i] as number;
  const last = tables.length - 1;
  let low = 0;
  let high = last;
  let lowUse = cpuUse(tables[0] as Table, state, i, stride);
  if (lowUse <= free) {
    put(occurring[0] as Occurrence, state, i, stride, 1);
    return;
  }
  let highUse = cpuUse(tables[last] as Table, state, i, stride);
  if (highUse >= free) {
    put(occurring[last] as Occurrence, state, i, stride, 1);
    return;
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    const use = cpuUse(tables[middle] as Table, state, i, stride);
    if (use > free) {
      low = middle;
      lowUse = use;
    } else {
      high = middle;
      highUse = use;
    }
  }
  const share = (free - highUse) / (lowUse - highUse);
  put(occurring[low] as Occurrence, state, i, stride, share);
  put(occurring[high] as Occurrence, state, i, stride, 1 - share);
}

function cpuUse(table: Table, state: States, i: number, stride: number): number {
  let use = 0;
  for (let c = 0; c < stride; c++)
    use += (table.wholeCpu[c] as Float64Array)[state.whole[i * stride + c] as number] ?? 0;
  for (let at = state.partFrom[i] as number; at < (state.partFrom[i + 1] as number); at++) {
    use += table.partCpu[state.part[at] as number] as number;
  }
  return use;
}

function put(occurring: Occurrence, state: States, i: number, stride: number, share: number): void {
  for (let c = 0; c < stride; c++) {
    const counts = occurring.whole[c] as Float64Array;
    const free = state.whole[i * stride + c] as number;
    counts[free] = (counts[free] ?? 0) + share;
  }
  for (let at = state.partFrom[i] as number; at < (state.partFrom[i + 1] as number); at++) {
    const free = state.part[at] as number;
    occurring.part[free] = (occurring.part[free] as number) + share;
  }
}
