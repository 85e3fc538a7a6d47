import { compile } from './demand.ts';
import type { TypicalShape } from './shapes.ts';
import type { Snapshot } from './snapshot.ts';
import { MILLI_PER_GPU } from './types.ts';

/**
 * Fragmentation after FGD (Weng et al., ATC'23, "Beware of fragmentation"): the idle GPU thousandths of a node that
 * typical pods cannot use, weighted by how frequent they are. It is kept as its complement, the usable value
 * V(node) = Σ weight × usable(shape), because F = idle − V and only the change of F matters to a placement.
 */
export interface Measure {
  /** Distinct milli per GPU asked by shapes, ascending; a shape points into it. */
  readonly sizes: Int32Array;
  readonly shapes: readonly MeasuredShape[];
  /** Scratch, reused by every call: usable milli and count of devices for each size. */
  readonly usable: Float64Array;
  readonly devices: Int32Array;
}

interface MeasuredShape {
  readonly weight: number;
  readonly cpuMilli: number;
  /** Index into `sizes` for a share of a GPU, else -1. */
  readonly size: number;
  readonly resource: number;
  readonly count: number;
  /** By node: whether the model is allowed; undefined allows all. */
  readonly models?: ReadonlySet<string>;
}

/**
 * Makes ready the measure for a snapshot. Shapes without GPUs can use nothing and drop out; of a pod with several GPU
 * demands the first is measured.
 */
export function createMeasure(snapshot: Snapshot, typical: readonly TypicalShape[]): Measure {
  const milli = new Set<number>([MILLI_PER_GPU]);
  for (const { gpus } of typical) for (const gpu of gpus) if (gpu.kind === 'share') milli.add(gpu.milli);
  const sizes = Int32Array.from([...milli].sort((left, right) => left - right));
  const shapes: MeasuredShape[] = [];
  for (const shape of typical) {
    const part = compile(snapshot, { ...shape, memoryMiB: 0 }).parts[0];
    if (part === undefined) continue;
    shapes.push({
      weight: shape.weight,
      cpuMilli: shape.cpuMilli,
      size: part.kind === 'share' ? sizes.indexOf(part.milli) : -1,
      resource: part.kind === 'share' ? -1 : part.resource,
      count: part.kind === 'share' ? 1 : part.count,
      models: shape.models === undefined ? undefined : new Set(shape.models),
    });
  }
  return { sizes, shapes, usable: new Float64Array(sizes.length), devices: new Int32Array(sizes.length) };
}

/** V of a node as its GPUs are, with `cpuFree` thousandths of a core left. */
export function usableMilli(measure: Measure, snapshot: Snapshot, node: number, cpuFree: number): number {
  measureGpus(measure, snapshot, node);
  const { shapes, usable, devices } = measure;
  const model = (snapshot.nodes[node] as { model: string }).model;
  const slot = snapshot.slotMilli[node] as number;
  const whole = usable.length - 1;
  let sum = 0;
  for (let at = 0; at < shapes.length; at++) {
    const shape = shapes[at] as MeasuredShape;
    if (cpuFree < shape.cpuMilli) continue;
    if (shape.models !== undefined && !shape.models.has(model)) continue;
    if (shape.size >= 0) {
      if (slot === MILLI_PER_GPU) sum += shape.weight * (usable[shape.size] as number);
      continue;
    }
    if (slot === MILLI_PER_GPU && snapshot.gpuResource[node] === shape.resource) {
      if ((devices[whole] as number) >= shape.count) sum += shape.weight * (usable[whole] as number);
      continue;
    }
    sum += shape.weight * usableDevices(snapshot, node, shape.resource, shape.count);
  }
  return sum;
}

function measureGpus(measure: Measure, snapshot: Snapshot, node: number): void {
  const { sizes, usable, devices } = measure;
  usable.fill(0);
  devices.fill(0);
  const from = node * snapshot.gpuStride;
  for (let gpu = from; gpu < from + snapshot.gpuStride; gpu++) {
    const free = snapshot.gpuFree[gpu] as number;
    for (let size = 0; size < sizes.length && (sizes[size] as number) <= free; size++) {
      usable[size] = (usable[size] as number) + free;
      devices[size] = (devices[size] as number) + 1;
    }
  }
}

/** Usable milli of time-slices or named devices: all that are free if a pod's count of them is, else none. */
function usableDevices(snapshot: Snapshot, node: number, resource: number, count: number): number {
  if (resource < 0) return 0;
  if (snapshot.gpuResource[node] !== resource) {
    const at = node * snapshot.namedStride + resource;
    const free = snapshot.namedFree[at] as number;
    return free >= count ? free * (snapshot.namedMilli[at] as number) : 0;
  }
  const slot = snapshot.slotMilli[node] as number;
  const from = node * snapshot.gpuStride;
  let slots = 0;
  for (let gpu = from; gpu < from + snapshot.gpuStride; gpu++) {
    slots += Math.floor(Math.max(0, snapshot.gpuFree[gpu] as number) / slot);
  }
  return slots >= count ? slots * slot : 0;
}

/** F of the whole snapshot in thousandths of a GPU. */
export function fragmentedMilli(measure: Measure, snapshot: Snapshot): number {
  let sum = 0;
  for (let node = 0; node < snapshot.nodes.length; node++) {
    const idle = snapshot.idleMilli[node] as number;
    if (idle > 0) sum += idle - usableMilli(measure, snapshot, node, snapshot.cpuFree[node] as number);
  }
  return sum;
}
