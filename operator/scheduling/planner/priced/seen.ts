import { type Compiled, compile } from '../demand.ts';
import type { Snapshot } from '../snapshot.ts';
import { type GpuDemand, MILLI_PER_GPU, type ShapeCount } from '../types.ts';

/**
 * Pods after which all counts are halved, so that what was asked for long ago counts less and less: three times the
 * longest list that prices were tried on.
 */
const MEMORY_PODS = 32_768;
/** Most shapes that are kept apart; with more, counts are halved and what is left of half a pod is forgotten. */
const MOST_SHAPES = 4096;
const LEAST_COUNT = 0.5;

/** What was asked for so far: one shape is one CPU amount, one GPU demand and one set of allowed models. */
export interface SeenShape {
  /** Its place in `Seen.shapes`. */
  index: number;
  readonly cpuMilli: number;
  /** Resource asked for as devices, or -1 for a share of a GPU. */
  readonly resource: number;
  /** Devices asked for, or the thousandths of a share. */
  readonly amount: number;
  /** Thousandths of a GPU that it is worth: its price when nothing is known. */
  readonly gpuMilli: number;
  /** Allowed models, sorted and joined by "|"; empty for all. */
  readonly models: string;
  count: number;
  /** Price in thousandths of a GPU: what the fleet gives up for one more of it. */
  price: number;
}

/** The shapes seen so far, in the order in which they first came. */
export interface Seen {
  readonly shapes: SeenShape[];
  readonly byKey: Map<string, SeenShape>;
  /** Demand by allowed models, pods without GPUs included. */
  readonly byModels: Map<string, { gpuMilli: number; cpuMilli: number }>;
  /** Thousandths of a GPU of one device, by resource. */
  readonly worth: readonly number[];
  pods: number;
  /** Counts how often shapes were forgotten: places in `shapes` hold only within one. */
  generation: number;
}

/** Nothing seen yet. */
export function createSeen(snapshot: Snapshot): Seen {
  const worth = new Array<number>(snapshot.resourceIds.size).fill(0);
  for (let node = 0; node < snapshot.nodes.length; node++) {
    const own = snapshot.gpuResource[node] as number;
    worth[own] = Math.max(worth[own] as number, snapshot.slotMilli[node] as number);
    for (let resource = 0; resource < worth.length; resource++) {
      const each = snapshot.namedMilli[node * snapshot.namedStride + resource] ?? 0;
      worth[resource] = Math.max(worth[resource] as number, each);
    }
  }
  return { shapes: [], byKey: new Map(), byModels: new Map(), worth, pods: 0, generation: 0 };
}

/** Text that is equal for equal sets of models; empty allows all. */
export function modelsKey(models: readonly string[] | undefined): string {
  return models === undefined ? '' : [...new Set(models)].sort().join('|');
}

/**
 * Counts pods of one kind. Of a pod with several GPU demands the first is counted, as in the measure of FGD; what no
 * node advertises has no price.
 */
export function countSeen(
  seen: Seen,
  demand: Compiled,
  models: readonly string[] | undefined,
  count = 1,
  price?: number,
): void {
  const part = demand.parts[0];
  if (part?.kind === 'devices' && part.resource < 0) return;
  if (seen.pods + count > MEMORY_PODS || seen.shapes.length >= MOST_SHAPES) forget(seen);
  const set = modelsKey(models);
  const resource = part === undefined || part.kind === 'share' ? -1 : part.resource;
  const amount = part === undefined ? 0 : part.kind === 'share' ? part.milli : part.count;
  const gpuMilli = resource < 0 ? amount : amount * (seen.worth[resource] ?? MILLI_PER_GPU);
  seen.pods += count;
  const asked = seen.byModels.get(set) ?? { gpuMilli: 0, cpuMilli: 0 };
  asked.gpuMilli += gpuMilli * count;
  asked.cpuMilli += demand.cpuMilli * count;
  seen.byModels.set(set, asked);
  if (gpuMilli === 0) return;
  const key = `${demand.cpuMilli}/${resource}/${amount}/${set}`;
  const known = seen.byKey.get(key);
  if (known !== undefined) {
    known.count += count;
    return;
  }
  const { cpuMilli } = demand;
  const index = seen.shapes.length;
  const shape = { index, cpuMilli, resource, amount, gpuMilli, models: set, count, price: price ?? gpuMilli };
  seen.byKey.set(key, shape);
  seen.shapes.push(shape);
}

/** Halves all counts and drops the shapes of which next to nothing is left. */
function forget(seen: Seen): void {
  seen.pods /= 2;
  seen.generation++;
  for (const asked of seen.byModels.values()) {
    asked.gpuMilli /= 2;
    asked.cpuMilli /= 2;
  }
  for (const shape of seen.shapes) shape.count /= 2;
  const kept = seen.shapes.filter(({ count }) => count > LEAST_COUNT);
  const keys = new Map([...seen.byKey].filter(([, { count }]) => count > LEAST_COUNT));
  seen.shapes.splice(0, seen.shapes.length, ...kept);
  seen.byKey.clear();
  for (const [key, shape] of keys) seen.byKey.set(key, shape);
  for (const [index, shape] of seen.shapes.entries()) shape.index = index;
}

/** Counts what a caller already knows of the workload. */
export function countTypical(seen: Seen, snapshot: Snapshot, typical: readonly ShapeCount[]): void {
  for (const shape of typical) {
    countSeen(seen, compile(snapshot, { ...shape, memoryMiB: 0 }), shape.models, shape.count, shape.priceMilli);
  }
}

/**
 * What was learned as plain values, from which another policy goes on over another snapshot. CPU that pods without GPUs
 * ask for is one entry for each set of models.
 */
export function learnedShapes({ shapes, byModels }: Seen, snapshot: Snapshot): ShapeCount[] {
  const names = new Map([...snapshot.resourceIds].map(([name, id]) => [id, name]));
  const cpuOnly = new Map([...byModels].map(([models, { cpuMilli }]) => [models, cpuMilli]));
  const learned = shapes.map(({ cpuMilli, resource, amount, models, count, price }): ShapeCount => {
    cpuOnly.set(models, (cpuOnly.get(models) ?? 0) - count * cpuMilli);
    const gpu: GpuDemand =
      resource < 0
        ? { kind: 'share', milli: amount }
        : { kind: 'devices', resource: names.get(resource) ?? '', count: amount };
    return { cpuMilli, gpus: [gpu], models: modelsOf(models), count, priceMilli: price };
  });
  for (const [models, cpuMilli] of cpuOnly) {
    if (cpuMilli >= 1) learned.push({ cpuMilli, gpus: [], models: modelsOf(models), count: 1, priceMilli: 0 });
  }
  return learned;
}

function modelsOf(key: string): readonly string[] | undefined {
  return key === '' ? undefined : key.split('|');
}
