import { movePrices, ROUNDS } from '../priced/prices.ts';
import { type SlotProfile, slotCount } from './geometry.ts';
import {
  type Cutting,
  createCutting,
  createSlotTable,
  fillSlotTable,
  type SlotShape,
  type SlotTable,
  spreadSlots,
} from './tables.ts';
import type { SlotFleet, SlotPod } from './types.ts';

/** Prices of CPU that are tried for each node, evenly in the logarithm over two decades around the fleet's own ratio. */
const CPU_PRICES = 21;
const CPU_PRICE_SPAN = 100;

/**
 * What nodes with free slots are worth, at prices learned from arrivals: V = min over λ of λ·CPU + Σ values of GPUs, as
 * for GPUs that are not cut (priced/).
 */
export class SlotValues {
  readonly #fleet: SlotFleet;
  readonly #cutting: Cutting;
  readonly #gpuMilli: readonly number[];
  readonly #lambdas: Float64Array;
  readonly #tables: readonly SlotTable[];
  readonly #shapes: SlotShape[] = [];
  readonly #byKey = new Map<string, SlotShape>();
  readonly #sums: Float64Array;
  readonly #now: Float64Array;
  readonly #lowest: Int32Array;
  readonly #version: Uint32Array;
  /** Counts the cycles: what was computed with older prices is void. */
  epoch = 0;

  constructor(fleet: SlotFleet, profiles: readonly SlotProfile[], slots: number, computeSlices: number) {
    const nodes = fleet.nodes.length;
    this.#fleet = fleet;
    this.#cutting = createCutting(profiles, slots);
    this.#gpuMilli = profiles.map((one) => 1000 * Math.max(one.compute / computeSlices, one.memorySlots / slots));
    const cpuMilli = fleet.nodes.reduce((sum, node) => sum + node.cpuMilli, 0);
    const natural = (1000 * fleet.free.length) / Math.max(1, cpuMilli);
    this.#lambdas = Float64Array.from(
      { length: CPU_PRICES },
      (_, at) => natural * CPU_PRICE_SPAN ** (at / (CPU_PRICES - 1) - 0.5),
    );
    const mostGpus = Math.max(0, ...fleet.nodes.map(({ gpus }) => gpus));
    this.#tables = Array.from(this.#lambdas, () => createSlotTable(this.#cutting, mostGpus));
    this.#sums = new Float64Array(nodes * CPU_PRICES);
    this.#now = new Float64Array(nodes);
    this.#lowest = new Int32Array(nodes);
    this.#version = new Uint32Array(nodes).fill(0xffffffff);
    this.#fill();
  }

  /** Learns of a pod that arrived. */
  learn({ profile, count, cpuMilli }: SlotPod): void {
    if (profile < 0) return;
    const key = `${profile}/${count}/${cpuMilli}`;
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.count++;
      return;
    }
    const gpuMilli = count * (this.#gpuMilli[profile] ?? 0);
    const index = this.#shapes.length;
    const shape: SlotShape = { index, cpuMilli, profile, gpus: count, gpuMilli, count: 1, price: gpuMilli };
    this.#byKey.set(key, shape);
    this.#shapes.push(shape);
  }

  /** One cycle of new prices, so that the soft best cut of what is free serves all shapes in proportion to demand. */
  reprice(): void {
    const shapes = this.#shapes;
    const demand = shapes.reduce((sum, { count, gpuMilli }) => sum + count * gpuMilli, 0);
    let idle = 0;
    for (const free of this.#fleet.free) idle += (1000 * slotCount(free)) / this.#cutting.slots;
    if (demand === 0 || idle === 0) return;
    this.#fill();
    for (let round = 0; round < ROUNDS; round++) {
      movePrices(shapes, this.#served(), idle / demand, round);
      this.#fill();
    }
    this.epoch++;
    this.#version.fill(0xffffffff);
  }

  /** What the node's value changes by if its CPU becomes `cpuMilli` and one GPU's free set goes from one to another. */
  gain(node: number, cpuMilli: number, before: number, after: number): number {
    this.#sync(node);
    return this.#value(node, cpuMilli, before, after, 0) - (this.#now[node] as number);
  }

  /** The same if it loses so many whole GPUs. */
  gainOfWhole(node: number, cpuMilli: number, gpus: number): number {
    this.#sync(node);
    return this.#value(node, cpuMilli, 0, 0, gpus) - (this.#now[node] as number);
  }

  #fill(): void {
    for (const [k, table] of this.#tables.entries()) {
      fillSlotTable(table, this.#cutting, this.#shapes, this.#lambdas[k] as number);
    }
  }

  #served(): Float64Array {
    const used = new Float64Array(this.#shapes.length);
    const occurring = this.#tables.map(({ worth, whole }) => ({
      sets: new Float64Array(worth.length),
      whole: new Float64Array(whole.length),
    }));
    for (let node = 0; node < this.#fleet.nodes.length; node++) {
      for (const [k, share] of this.#mixture(node)) {
        const { sets, whole } = occurring[k] as (typeof occurring)[number];
        const full = this.#eachPart(node, (free) => {
          sets[free] = (sets[free] as number) + share;
        });
        whole[full] = (whole[full] as number) + share;
      }
    }
    for (const [k, table] of this.#tables.entries()) {
      const lambda = this.#lambdas[k] as number;
      spreadSlots(table, this.#cutting, this.#shapes, lambda, occurring[k] as (typeof occurring)[number], used);
    }
    return used;
  }

  /** The prices of CPU, and shares of them, at which the expected fill of a node uses exactly its CPU. */
  #mixture(node: number): readonly (readonly [number, number])[] {
    const free = this.#fleet.cpuFree[node] as number;
    let low = 0;
    let high = this.#tables.length - 1;
    const lowUse = this.#cpuUse(node, low);
    if (lowUse <= free) return [[low, 1]];
    if (this.#cpuUse(node, high) >= free) return [[high, 1]];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#cpuUse(node, middle) > free) low = middle;
      else high = middle;
    }
    const [dear, cheap] = [this.#cpuUse(node, high), this.#cpuUse(node, low)];
    const share = (free - dear) / (cheap - dear);
    return [
      [low, share],
      [high, 1 - share],
    ];
  }

  #cpuUse(node: number, k: number): number {
    const { cpu, wholeCpu } = this.#tables[k] as SlotTable;
    let use = 0;
    const full = this.#eachPart(node, (free) => {
      use += cpu[free] as number;
    });
    return use + (wholeCpu[full] as number);
  }

  /** Visits the GPUs of a node of which something is taken and answers how many are free as a whole. */
  #eachPart(node: number, visit: (free: number) => void): number {
    const { free, from } = this.#fleet;
    const all = (1 << this.#cutting.slots) - 1;
    let full = 0;
    for (let gpu = from[node] as number; gpu < (from[node + 1] as number); gpu++) {
      const set = free[gpu] as number;
      if (set === all) full++;
      else visit(set);
    }
    return full;
  }

  #sync(node: number): void {
    const version = this.#fleet.version[node] as number;
    if (this.#version[node] === version) return;
    this.#version[node] = version;
    for (const [k, { hoped, whole }] of this.#tables.entries()) {
      let sum = 0;
      const full = this.#eachPart(node, (free) => {
        sum += hoped[free] as number;
      });
      this.#sums[node * CPU_PRICES + k] = sum + (whole[full] as number);
    }
    this.#now[node] = this.#value(node, this.#fleet.cpuFree[node] as number, 0, 0, 0, true);
  }

  /** V is convex in the price of CPU: its least is found by walking from where it was last. */
  #value(node: number, cpuMilli: number, before: number, after: number, gpus: number, remember = false): number {
    const all = (1 << this.#cutting.slots) - 1;
    const fromWhole = before === all ? 1 : gpus;
    const full = fromWhole === 0 ? 0 : this.#eachPart(node, () => undefined);
    const at = (k: number): number => {
      const { hoped, whole } = this.#tables[k] as SlotTable;
      let value = (this.#lambdas[k] as number) * cpuMilli + (this.#sums[node * CPU_PRICES + k] as number);
      if (fromWhole > 0) value += (whole[full - fromWhole] as number) - (whole[full] as number);
      else value -= hoped[before] as number;
      return value + (hoped[after] as number);
    };
    let k = this.#lowest[node] as number;
    let value = at(k);
    for (const step of [1, -1]) {
      for (let next = k + step; next >= 0 && next < CPU_PRICES; next += step) {
        const other = at(next);
        if (other >= value) break;
        value = other;
        k = next;
      }
    }
    if (remember) this.#lowest[node] = k;
    return value;
  }
}
