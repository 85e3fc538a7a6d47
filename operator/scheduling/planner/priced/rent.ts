import type { Compiled } from '../demand.ts';
import type { Snapshot } from '../snapshot.ts';
import { MILLI_PER_GPU } from '../types.ts';
import type { Seen } from './seen.ts';

/** Largest rent as a part of what a pod takes. */
const MOST_RENT = 0.5;
/** How full a set of models is bound to get before its rent begins, as a part of what it has free. */
const BEGIN = 0.7;
/** How sharply the rent goes to the scarcer of GPU and CPU. */
const SHARPNESS = 8;
/** Where CPU is the scarce one, GPUs there are worth taking: this part of the rent is paid to who does. */
const REBATE = 0.3;
/** With more models than this only unions of the sets asked for are looked at. */
const MOST_MODELS = 7;
const MOST_SETS = 256;

/** Rents by model, in thousandths of a GPU for a thousandth of a GPU and of a core. */
export interface Rents {
  /** Index of its model, by node. */
  readonly modelOf: Int32Array;
  readonly models: readonly string[];
  readonly gpu: Float64Array;
  readonly cpu: Float64Array;
  /** True while some model has a rent. */
  due: boolean;
}

/** No rents yet. */
export function createRents(snapshot: Snapshot): Rents {
  const models = [...new Set(snapshot.nodes.map(({ model }) => model))];
  const index = new Map(models.map((model, at) => [model, at]));
  return {
    modelOf: Int32Array.from(snapshot.nodes, ({ model }) => index.get(model) ?? 0),
    models,
    gpu: new Float64Array(models.length),
    cpu: new Float64Array(models.length),
    due: false,
  };
}

/**
 * Sets the rents. Pods confined to a set of models may exhaust it before the fleet is full (Hall's condition); then
 * whoever has an alternative pays to be there, in the resource that runs out.
 */
export function setRents(rents: Rents, snapshot: Snapshot, seen: Seen): void {
  rents.gpu.fill(0);
  rents.cpu.fill(0);
  rents.due = false;
  const bound = boundDemand(rents, seen);
  if (bound.length === 0) return;
  const free = freeByModel(rents, snapshot);
  const idle = free.gpu.reduce((sum, each) => sum + each, 0);
  const demand = [...seen.byModels.values()].reduce((sum, each) => sum + each.gpuMilli, 0);
  const growth = idle / Math.max(1, demand);
  const worst = new Float64Array(rents.models.length);
  for (const set of modelSets(bound, rents.models.length)) {
    let gpuAsked = 0;
    let cpuAsked = 0;
    for (const each of bound) {
      if ((each.set & ~set) !== 0) continue;
      gpuAsked += each.gpuMilli;
      cpuAsked += each.cpuMilli;
    }
    if (gpuAsked === 0) continue;
    let gpuFree = 0;
    let cpuFree = 0;
    for (let model = 0; model < rents.models.length; model++) {
      if ((set & (1 << model)) === 0) continue;
      gpuFree += free.gpu[model] as number;
      cpuFree += free.cpu[model] as number;
    }
    const gpuLoad = (gpuAsked * growth) / Math.max(1e-9, gpuFree);
    const cpuLoad = (cpuAsked * growth) / Math.max(1e-9, cpuFree);
    const load = Math.max(gpuLoad, cpuLoad);
    const rent = MOST_RENT * Math.min(1, Math.max(0, (load - BEGIN) / (1 - BEGIN)));
    if (rent === 0) continue;
    const onGpu = 1 / (1 + (cpuLoad / gpuLoad) ** SHARPNESS);
    for (let model = 0; model < rents.models.length; model++) {
      if ((set & (1 << model)) === 0 || load <= (worst[model] as number)) continue;
      worst[model] = load;
      rents.gpu[model] = rent * (onGpu - REBATE * (1 - onGpu));
      rents.cpu[model] = (rent * (1 - onGpu) * gpuAsked) / Math.max(1, cpuAsked);
      rents.due = true;
    }
  }
}

/** What a demand pays on each model, in thousandths of a GPU. */
export function tollOf(rents: Rents, demand: Compiled, gpuMilli: number): Int32Array {
  return Int32Array.from(rents.gpu, (rent, model) =>
    Math.floor(rent * gpuMilli + (rents.cpu[model] as number) * demand.cpuMilli),
  );
}

interface Bound {
  readonly set: number;
  readonly gpuMilli: number;
  readonly cpuMilli: number;
}

/** Demand that some model of the fleet cannot serve, by the models that can, as bits. */
function boundDemand(rents: Rents, seen: Seen): Bound[] {
  if (rents.models.length > 30) return [];
  const all = 2 ** rents.models.length - 1;
  const bound: Bound[] = [];
  for (const [models, { gpuMilli, cpuMilli }] of seen.byModels) {
    if (models === '') continue;
    const allowed = new Set(models.split('|'));
    const set = rents.models.reduce((bits, model, at) => (allowed.has(model) ? bits | (1 << at) : bits), 0);
    if (set !== 0 && set !== all && gpuMilli > 0) bound.push({ set, gpuMilli, cpuMilli });
  }
  return bound;
}

/** Sets of models to look at: all of them where they are few, else the unions of sets asked for. */
function modelSets(bound: readonly Bound[], models: number): readonly number[] {
  const all = 2 ** models - 1;
  if (models <= MOST_MODELS) return Array.from({ length: all - 1 }, (_, at) => at + 1);
  const sets = new Set<number>();
  for (const { set } of bound) {
    for (const other of [0, ...sets]) {
      if (sets.size >= MOST_SETS) break;
      if ((set | other) !== all) sets.add(set | other);
    }
  }
  return [...sets];
}

/** Idle GPU by model, and the free CPU of the nodes that have some. */
function freeByModel(rents: Rents, snapshot: Snapshot): { readonly gpu: Float64Array; readonly cpu: Float64Array } {
  const gpu = new Float64Array(rents.models.length);
  const cpu = new Float64Array(rents.models.length);
  for (let node = 0; node < snapshot.nodes.length; node++) {
    const idle = snapshot.idleMilli[node] as number;
    if (idle <= 0) continue;
    const model = rents.modelOf[node] as number;
    gpu[model] = (gpu[model] as number) + idle;
    cpu[model] = (cpu[model] as number) + Math.max(0, snapshot.cpuFree[node] as number);
  }
  return { gpu, cpu };
}

/** Thousandths of a GPU that a demand asks for; named devices count by their worth. */
export function askedMilli(demand: Compiled, worth: readonly number[]): number {
  return demand.parts.reduce(
    (sum, part) => sum + (part.kind === 'share' ? part.milli : part.count * (worth[part.resource] ?? MILLI_PER_GPU)),
    0,
  );
}
