import type { Snapshot } from '../snapshot.ts';
import { MILLI_PER_GPU } from '../types.ts';
import { type Counter, type NodeClass, STEP } from './classes.ts';

/** What is free on the nodes of a class, in the terms of its tables. */
export interface States {
  readonly cpu: Float64Array;
  /** Free devices of counter c of the i-th node at `i * counters + c`. */
  readonly whole: Int32Array;
  /** Steps that partly free GPUs have left; those of node i from `partFrom[i]` to `partFrom[i + 1]`. */
  readonly part: Int32Array;
  readonly partFrom: Int32Array;
}

/** Reads the nodes of a class. */
export function readStates(snapshot: Snapshot, one: NodeClass): States {
  const stride = one.counters.length;
  const part: number[] = [];
  const partFrom = new Int32Array(one.nodes.length + 1);
  const whole = new Int32Array(one.nodes.length * stride);
  for (let i = 0; i < one.nodes.length; i++) {
    const node = one.nodes[i] as number;
    for (let c = 0; c < stride; c++) {
      const { divisible, resource } = one.counters[c] as Counter;
      whole[i * stride + c] = divisible ? readGpus(snapshot, node, part) : freeDevices(snapshot, node, resource);
    }
    partFrom[i + 1] = part.length;
  }
  const cpu = Float64Array.from(one.nodes, (node) => Math.max(0, snapshot.cpuFree[node] as number));
  return { cpu, whole, part: Int32Array.from(part), partFrom };
}

/** Counts the whole free GPUs of a node and adds the partly free ones, in steps, to `part`. */
function readGpus(snapshot: Snapshot, node: number, part: number[]): number {
  const from = node * snapshot.gpuStride;
  let whole = 0;
  for (let gpu = from; gpu < from + snapshot.gpuStride; gpu++) {
    const free = snapshot.gpuFree[gpu] as number;
    if (free === MILLI_PER_GPU) whole++;
    else if (free >= STEP) part.push(Math.floor(free / STEP));
  }
  return whole;
}

/** Free time-slices or named devices of a node. */
export function freeDevices(snapshot: Snapshot, node: number, resource: number): number {
  if (snapshot.gpuResource[node] !== resource) {
    return Math.max(0, snapshot.namedFree[node * snapshot.namedStride + resource] ?? 0);
  }
  const slot = snapshot.slotMilli[node] as number;
  const from = node * snapshot.gpuStride;
  let free = 0;
  for (let gpu = from; gpu < from + snapshot.gpuStride; gpu++) {
    free += Math.floor(Math.max(0, snapshot.gpuFree[gpu] as number) / slot);
  }
  return free;
}
