import { type Counter, type NodeClass, STEP, STEPS } from './classes.ts';

/** A filler whose weight is below this times that of an empty place is left out: e^-3. */
const LEAST_WEIGHT = Math.exp(-3);

/** Values in steps of milli-GPU under one CPU price. */
export interface Table {
  /** Value of a GPU that is free by f steps. */
  readonly part: Float64Array;
  /** Value of h free devices, by counter of the class. */
  readonly whole: readonly Float64Array[];
  /** Expected CPU of what fills them, thousandths of a core, under the soft maximum. */
  readonly partCpu: Float64Array;
  readonly wholeCpu: readonly Float64Array[];
  /** Scratch of the recurrence: e^(part / STEP). */
  readonly sums: Float64Array;
  /** The sizes that are worth something, ascending: steps, weight, mean CPU, and place in the class. */
  readonly sizes: Int32Array;
  readonly weights: Float64Array;
  readonly sizeCpu: Float64Array;
  readonly sizeAt: Int32Array;
  /** How many of them there are. */
  active: number;
}

/** Room for the tables of a class. */
export function createTable(one: NodeClass): Table {
  return {
    part: new Float64Array(STEPS + 1),
    whole: one.counters.map(({ most }) => new Float64Array(most + 1)),
    partCpu: new Float64Array(STEPS + 1),
    wholeCpu: one.counters.map(({ most }) => new Float64Array(most + 1)),
    sums: new Float64Array(STEPS + 1),
    sizes: new Int32Array(one.sizes.length),
    weights: new Float64Array(one.sizes.length),
    sizeCpu: new Float64Array(one.sizes.length),
    sizeAt: new Int32Array(one.sizes.length),
    active: 0,
  };
}

/**
 * Fills the tables for the prices of the shapes and a price of CPU. A GPU free by f is worth the soft maximum over all
 * ways to fill it; as e^value this is the linear recurrence E(f) = E(f−1) + Σ E(f−size)·weight(size), where
 * weight = Σ e^((price − λ·cpu)/STEP) over the shapes of that size.
 */
export function fillTable(table: Table, one: NodeClass, lambda: number): void {
  fillPart(table, one, lambda);
  for (const [at, counter] of one.counters.entries()) fillWhole(table, counter, at, lambda);
}

function fillPart(table: Table, one: NodeClass, lambda: number): void {
  weighSizes(table, one, lambda);
  const { part, partCpu, sums, sizes, weights, sizeCpu, active } = table;
  sums[0] = 1;
  for (let free = 1; free <= STEPS; free++) {
    let sum = sums[free - 1] as number;
    let cpu = sum * (partCpu[free - 1] as number);
    for (let at = 0; at < active; at++) {
      const rest = free - (sizes[at] as number);
      if (rest < 0) break;
      const each = (sums[rest] as number) * (weights[at] as number);
      sum += each;
      cpu += each * ((partCpu[rest] as number) + (sizeCpu[at] as number));
    }
    sums[free] = sum;
    partCpu[free] = cpu / sum;
    part[free] = Math.log(sum) * STEP;
  }
}

function weighSizes(table: Table, one: NodeClass, lambda: number): void {
  let active = 0;
  for (const [at, { size, shapes }] of one.sizes.entries()) {
    let weight = 0;
    let cpu = 0;
    for (const shape of shapes) {
      const each = Math.exp((shape.price - lambda * shape.cpuMilli) / STEP);
      weight += each;
      cpu += each * shape.cpuMilli;
    }
    if (weight <= LEAST_WEIGHT) continue;
    table.sizes[active] = size;
    table.weights[active] = weight;
    table.sizeCpu[active] = cpu / weight;
    table.sizeAt[active] = at;
    active++;
  }
  table.active = active;
}

function fillWhole(table: Table, counter: Counter, at: number, lambda: number): void {
  const value = table.whole[at] as Float64Array;
  const cpu = table.wholeCpu[at] as Float64Array;
  const base = counter.divisible ? (table.part[STEPS] as number) : 0;
  const baseCpu = counter.divisible ? (table.partCpu[STEPS] as number) : 0;
  for (let free = 1; free < value.length; free++) {
    let top = (value[free - 1] as number) + base;
    for (const shape of counter.shapes) {
      if (shape.amount > free) continue;
      top = Math.max(top, (value[free - shape.amount] as number) + shape.price - lambda * shape.cpuMilli);
    }
    let sum = Math.exp(((value[free - 1] as number) + base - top) / STEP);
    let expected = sum * ((cpu[free - 1] as number) + baseCpu);
    for (const shape of counter.shapes) {
      if (shape.amount > free) continue;
      const rest = free - shape.amount;
      const each = Math.exp(((value[rest] as number) + shape.price - lambda * shape.cpuMilli - top) / STEP);
      sum += each;
      expected += each * ((cpu[rest] as number) + shape.cpuMilli);
    }
    value[free] = top + STEP * Math.log(sum);
    cpu[free] = expected / sum;
  }
}

/** How often each state of GPUs and counters occurs, to be walked back to the shapes that fill them. */
export interface Occurrence {
  readonly part: Float64Array;
  readonly whole: readonly Float64Array[];
}

/** Room for occurrences of a class. */
export function createOccurrence(one: NodeClass): Occurrence {
  return {
    part: new Float64Array(STEPS + 1),
    whole: one.counters.map(({ most }) => new Float64Array(most + 1)),
  };
}

/** Adds to `used` (by shape) the expected number of pods that fill the occurring states; empties the occurrences. */
export function spread(table: Table, one: NodeClass, lambda: number, occurring: Occurrence, used: Float64Array): void {
  for (const [at, counter] of one.counters.entries()) spreadWhole(table, counter, at, lambda, occurring, used);
  const { part } = occurring;
  const { sizes, sums, weights, sizeAt, active } = table;
  const bySize = new Float64Array(active);
  for (let free = STEPS; free > 0; free--) {
    const share = (part[free] as number) / (sums[free] as number);
    part[free] = 0;
    if (share === 0) continue;
    part[free - 1] = (part[free - 1] as number) + share * (sums[free - 1] as number);
    for (let at = 0; at < active; at++) {
      const rest = free - (sizes[at] as number);
      if (rest < 0) break;
      const each = share * (sums[rest] as number) * (weights[at] as number);
      part[rest] = (part[rest] as number) + each;
      bySize[at] = (bySize[at] as number) + each;
    }
  }
  part[0] = 0;
  for (let at = 0; at < active; at++) {
    const each = (bySize[at] as number) / (weights[at] as number);
    if (each === 0) continue;
    for (const shape of one.sizes[sizeAt[at] as number]?.shapes ?? []) {
      const weight = Math.exp((shape.price - lambda * shape.cpuMilli) / STEP);
      used[shape.index] = (used[shape.index] as number) + each * weight;
    }
  }
}

function spreadWhole(
  table: Table,
  counter: Counter,
  at: number,
  lambda: number,
  occurring: Occurrence,
  used: Float64Array,
): void {
  const value = table.whole[at] as Float64Array;
  const count = occurring.whole[at] as Float64Array;
  const base = counter.divisible ? (table.part[STEPS] as number) : 0;
  for (let free = value.length - 1; free > 0; free--) {
    const share = count[free] as number;
    count[free] = 0;
    if (share === 0) continue;
    const alone = share * Math.exp(((value[free - 1] as number) + base - (value[free] as number)) / STEP);
    count[free - 1] = (count[free - 1] as number) + alone;
    if (counter.divisible) occurring.part[STEPS] = (occurring.part[STEPS] as number) + alone;
    for (const shape of counter.shapes) {
      const rest = free - shape.amount;
      if (rest < 0) continue;
      const won = (value[rest] as number) + shape.price - lambda * shape.cpuMilli - (value[free] as number);
      const each = share * Math.exp(won / STEP);
      count[rest] = (count[rest] as number) + each;
      used[shape.index] = (used[shape.index] as number) + each;
    }
  }
  count[0] = 0;
}
