import type { Snapshot } from './snapshot.ts';
import type { Demand, GpuDemand } from './types.ts';

/** One GPU demand with its resource looked up: `resource` is -1 where no node advertises it. */
export type Part =
  | { readonly kind: 'devices'; readonly resource: number; readonly count: number }
  | { readonly kind: 'share'; readonly milli: number };

/** A demand made ready for one snapshot; `key` is equal for demands that every policy scores alike. */
export interface Compiled {
  readonly key: string;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly parts: readonly Part[];
}

/** Keys by demand: what is held is asked for again in every plan. */
const keys = new WeakMap<readonly GpuDemand[], string>();

/** Text that is equal for equal GPU demands whatever their order. */
export function gpuKey(gpus: readonly GpuDemand[]): string {
  const known = keys.get(gpus);
  if (known !== undefined) return known;
  const key = gpus
    .map((gpu) => (gpu.kind === 'share' ? `~${gpu.milli}` : `${gpu.resource}*${gpu.count}`))
    .sort()
    .join('+');
  keys.set(gpus, key);
  return key;
}

/** Looks up the resources of a demand. Memory is not in the key because no score depends on it. */
export function compile(snapshot: Snapshot, demand: Demand): Compiled {
  const parts = demand.gpus
    .filter((gpu) => (gpu.kind === 'share' ? gpu.milli > 0 : gpu.count > 0))
    .map((gpu): Part => {
      if (gpu.kind === 'share') return { kind: 'share', milli: gpu.milli };
      return { kind: 'devices', resource: snapshot.resourceIds.get(gpu.resource) ?? -1, count: gpu.count };
    });
  return {
    key: `${demand.cpuMilli}/${gpuKey(demand.gpus)}`,
    cpuMilli: demand.cpuMilli,
    memoryMiB: demand.memoryMiB,
    parts,
  };
}

/** Milli-GPU that a demand costs on a node, whether or not there is room: what a quota is charged. */
export function costMilli(snapshot: Snapshot, node: number, demand: Compiled): number {
  let sum = 0;
  for (const part of demand.parts) {
    if (part.kind === 'share') sum += part.milli;
    else if (part.resource < 0) continue;
    else if (snapshot.gpuResource[node] === part.resource) sum += part.count * (snapshot.slotMilli[node] ?? 0);
    else sum += part.count * (snapshot.namedMilli[node * snapshot.namedStride + part.resource] ?? 0);
  }
  return sum;
}
