import type { Compiled } from './demand.ts';
import { createMeasure, type Measure, usableMilli } from './fragmentation.ts';
import { devicesFit, takeDevices, untakeDevices } from './hold.ts';
import { NO_FIT, type Scorer } from './scorer.ts';
import { typicalShapes } from './shapes.ts';
import type { Snapshot } from './snapshot.ts';
import type { ShapeCount } from './types.ts';
import { MILLI_PER_GPU } from './types.ts';

/**
 * Fragmentation Gradient Descent (Weng et al., ATC'23): the node whose fragmentation grows least. The score is
 * floor(100·sigmoid(Δ/1000)), Δ = F before − F after in GPU thousandths. The rounding is part of the algorithm: exact
 * values pack two points worse, because many small differences then outvote the tie order.
 */
export function createFgd(snapshot: Snapshot, shapes: readonly ShapeCount[]): Scorer {
  const measure = createMeasure(snapshot, typicalShapes(shapes));
  const before = { value: new Float64Array(snapshot.nodes.length), version: new Uint32Array(snapshot.nodes.length) };
  const usableBefore = (node: number): number => {
    const version = snapshot.version[node] as number;
    if (before.version[node] !== version) {
      before.version[node] = version;
      before.value[node] = usableMilli(measure, snapshot, node, snapshot.cpuFree[node] as number);
    }
    return before.value[node] as number;
  };
  return {
    epoch: 0,
    /** Minus F: what is idle and of no use counts as a loss. */
    value: (node) => usableBefore(node) - (snapshot.idleMilli[node] as number),
    score(node: number, demand: Compiled): number {
      const cpuLeft = (snapshot.cpuFree[node] as number) - demand.cpuMilli;
      if (cpuLeft < 0 || !devicesFit(snapshot, node, demand.parts)) return NO_FIT;
      const only = demand.parts[0];
      if (demand.parts.length === 1 && only?.kind === 'share') {
        return bestShare(measure, snapshot, node, only.milli, cpuLeft, usableBefore(node)).score;
      }
      return quantised(afterTaking(measure, snapshot, node, demand, cpuLeft) - usableBefore(node));
    },
    gpus(node: number, demand: Compiled): readonly number[] | undefined {
      const only = demand.parts[0];
      if (demand.parts.length !== 1 || only?.kind !== 'share') return undefined;
      const cpuLeft = (snapshot.cpuFree[node] as number) - demand.cpuMilli;
      return [bestShare(measure, snapshot, node, only.milli, cpuLeft, usableBefore(node)).gpu];
    },
  };
}

/** `gain` is V after − V before − (idle after − idle before) = F before − F after, in GPU thousandths. */
function quantised(gain: number): number {
  return Math.floor(100 / (1 + Math.exp(-gain / MILLI_PER_GPU)));
}

/** V after the demand is taken, plus the milli it takes, so that minus V before it is F before − F after. */
function afterTaking(measure: Measure, snapshot: Snapshot, node: number, demand: Compiled, cpuLeft: number): number {
  const devices = takeDevices(snapshot, node, demand.parts);
  if (devices === undefined) return 0;
  const usable = usableMilli(measure, snapshot, node, cpuLeft);
  untakeDevices(snapshot, node, devices);
  return usable + devices.gpuMilli;
}

/** The GPU of a node on which a share scores best, the first among equals. */
function bestShare(
  measure: Measure,
  snapshot: Snapshot,
  node: number,
  milli: number,
  cpuLeft: number,
  usableBefore: number,
): { readonly gpu: number; readonly score: number } {
  const from = node * snapshot.gpuStride;
  let best = { gpu: -1, score: NO_FIT };
  for (let gpu = 0; gpu < snapshot.gpuStride; gpu++) {
    const free = snapshot.gpuFree[from + gpu] as number;
    if (free < milli || seenEarlier(snapshot, from, gpu, free)) continue;
    snapshot.gpuFree[from + gpu] = free - milli;
    const score = quantised(usableMilli(measure, snapshot, node, cpuLeft) + milli - usableBefore);
    snapshot.gpuFree[from + gpu] = free;
    if (score > best.score) best = { gpu, score };
  }
  return best;
}

/** GPUs that are equally free score alike, so only the first of them is measured. */
function seenEarlier(snapshot: Snapshot, from: number, gpu: number, free: number): boolean {
  for (let other = 0; other < gpu; other++) if (snapshot.gpuFree[from + other] === free) return true;
  return false;
}
