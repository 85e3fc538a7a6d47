import type { Compiled, Part } from '../demand.ts';
import { devicesFit } from '../hold.ts';
import { NO_FIT, type Scorer, type Toll } from '../scorer.ts';
import type { Snapshot } from '../snapshot.ts';
import { MILLI_PER_GPU, type ShapeCount } from '../types.ts';
import { STEP } from './classes.ts';
import { type Change, NO_CHANGE, NodeValues, wholeGpus } from './node-value.ts';
import { cpuPrices, createValues, ROUNDS, reprice, type Values } from './prices.ts';
import { askedMilli, createRents, setRents, tollOf } from './rent.ts';
import { countSeen, countTypical, createSeen, learnedShapes } from './seen.ts';
import { freeDevices } from './states.ts';

/** Added to scores, so that a loss of value is still above NO_FIT. */
const OFFSET = 1_000_000;
/** Demand, as a part of the capacity, after which prices are made anew. */
const CYCLE = 1 / 200;
/** Most of a cycle that one pod moves it on, so that no pod waits for more than a quarter of its rounds. */
const MOST_OF_CYCLE = 1 / 4;
/** Most cycles that are owed where pods come faster than prices are made: more would not change them further. */
const MOST_OWED = 4;

/** Cycles before the first decision where the demand is known: prices come to rest from any start. */
const FIRST_CYCLES = 4;

/**
 * The node that loses least value. The value of a node is what the pods seen so far could still make of what it has
 * free, at prices under which the idle part of the fleet would serve all shapes in proportion to their demand. Demand
 * is learned from arrivals (`learn`) and from `typical`, which may bring prices along; nothing else is known in advance.
 */
export function createPriced(snapshot: Snapshot, typical: readonly ShapeCount[]): Scorer {
  const seen = createSeen(snapshot);
  const lambdas = cpuPrices(snapshot);
  const rents = createRents(snapshot);
  countTypical(seen, snapshot, typical);
  let values = createValues(snapshot, seen, lambdas);
  if (typical.some(({ priceMilli }) => priceMilli === undefined)) {
    for (let cycle = 0; cycle < FIRST_CYCLES; cycle++) {
      for (let round = 0; round < ROUNDS; round++) reprice(values, snapshot, seen, lambdas, round);
    }
  }
  setRents(rents, snapshot, seen);
  const nodeValues = new NodeValues(snapshot, lambdas, values);
  let next: Values | undefined;
  let round = 0;
  let progress = 0;
  let epoch = 0;

  const settle = (): boolean => {
    if (progress * ROUNDS < round + 1) return false;
    if (next === undefined || next.classes.generation !== seen.generation) {
      next = createValues(snapshot, seen, lambdas, values.classes);
      round = 0;
    }
    reprice(next, snapshot, seen, lambdas, round++);
    setRents(rents, snapshot, seen);
    if (round < ROUNDS) return true;
    values = next;
    nodeValues.use(values);
    next = undefined;
    round = 0;
    progress -= 1;
    epoch++;
    return true;
  };

  return {
    get epoch() {
      return epoch;
    },
    value: (node) => nodeValues.now(node),
    learn(demand, models) {
      countSeen(seen, demand, models);
      const part = askedMilli(demand, seen.worth) / (CYCLE * Math.max(1, snapshot.capacityMilli));
      progress = Math.min(MOST_OWED, progress + Math.min(MOST_OF_CYCLE, part));
    },
    settle,
    learned: () => learnedShapes(seen, snapshot),
    score(node, demand) {
      const cpuLeft = (snapshot.cpuFree[node] as number) - demand.cpuMilli;
      if (cpuLeft < 0 || !devicesFit(snapshot, node, demand.parts)) return NO_FIT;
      return OFFSET + Math.floor(gainOf(snapshot, nodeValues, node, demand, cpuLeft));
    },
    gpus(node, demand) {
      const only = demand.parts[0];
      if (demand.parts.length !== 1 || only?.kind !== 'share') return undefined;
      const cpuLeft = (snapshot.cpuFree[node] as number) - demand.cpuMilli;
      return [bestGpu(snapshot, nodeValues, node, only.milli, cpuLeft).gpu];
    },
    toll(demand): Toll | undefined {
      if (!rents.due) return undefined;
      return { groupOf: rents.modelOf, byGroup: tollOf(rents, demand, askedMilli(demand, seen.worth)) };
    },
  };
}

/**
 * What the value of a node changes by when it takes the demand. Of a demand in several parts the first is charged with
 * the CPU and the others are added: their GPUs differ, so only what they share of CPU is missed.
 */
function gainOf(snapshot: Snapshot, values: NodeValues, node: number, demand: Compiled, cpuLeft: number): number {
  const [first, ...others] = demand.parts;
  if (first === undefined) return values.gain(node, cpuLeft, NO_CHANGE);
  const cpuFree = snapshot.cpuFree[node] as number;
  return others.reduce(
    (sum, part) => sum + gainOfPart(snapshot, values, node, part, cpuFree),
    gainOfPart(snapshot, values, node, first, cpuLeft),
  );
}

function gainOfPart(snapshot: Snapshot, values: NodeValues, node: number, part: Part, cpuLeft: number): number {
  if (part.kind === 'share') return bestGpu(snapshot, values, node, part.milli, cpuLeft).gain;
  const { counters } = values.classOf(node);
  const counter = counters.findIndex(({ resource }) => resource === part.resource);
  const divisible = counters[counter]?.divisible === true;
  const free = divisible ? wholeGpus(snapshot, node) : freeDevices(snapshot, node, part.resource);
  return values.gain(node, cpuLeft, { ...NO_CHANGE, counter, countBefore: free, countAfter: free - part.count });
}

/** The GPU of a node on which a share loses least, the freer one among equals. */
function bestGpu(
  snapshot: Snapshot,
  values: NodeValues,
  node: number,
  milli: number,
  cpuLeft: number,
): { readonly gpu: number; readonly gain: number } {
  const from = node * snapshot.gpuStride;
  const change: Change = { ...NO_CHANGE };
  let best = -1;
  let bestFree = -1;
  let bestGain = Number.NEGATIVE_INFINITY;
  for (let gpu = 0; gpu < snapshot.gpuStride; gpu++) {
    const free = snapshot.gpuFree[from + gpu] as number;
    if (free < milli || seenEarlier(snapshot, from, gpu, free)) continue;
    const whole = free === MILLI_PER_GPU;
    change.counter = whole ? 0 : -1;
    change.countBefore = whole ? wholeGpus(snapshot, node) : 0;
    change.countAfter = change.countBefore - 1;
    change.partBefore = whole ? 0 : Math.floor(free / STEP);
    change.partAfter = Math.floor((free - milli) / STEP);
    const gain = values.gain(node, cpuLeft, change);
    if (gain < bestGain || (gain === bestGain && free <= bestFree)) continue;
    best = gpu;
    bestFree = free;
    bestGain = gain;
  }
  return { gpu: best, gain: bestGain };
}

/** GPUs that are equally free gain alike, so only the first of them is tried. */
function seenEarlier(snapshot: Snapshot, from: number, gpu: number, free: number): boolean {
  for (let other = 0; other < gpu; other++) if (snapshot.gpuFree[from + other] === free) return true;
  return false;
}
