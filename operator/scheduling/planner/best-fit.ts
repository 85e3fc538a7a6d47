import type { Compiled } from './demand.ts';
import { costMilli } from './demand.ts';
import { devicesFit } from './hold.ts';
import { NO_FIT, type Scorer } from './scorer.ts';
import type { Snapshot } from './snapshot.ts';

/**
 * BestFit: the node with least left, floor(100·(1 − ½·cpuLeft/maxCpu − ½·gpuLeft/maxGpu)) where the maxima are the
 * largest node's (128 cores and 8 GPUs on openb, as in the published runs).
 */
export function createBestFit(snapshot: Snapshot): Scorer {
  const { largest } = snapshot;
  return {
    epoch: 0,
    score(node: number, demand: Compiled): number {
      const cpuLeft = (snapshot.cpuFree[node] as number) - demand.cpuMilli;
      if (cpuLeft < 0 || !devicesFit(snapshot, node, demand.parts)) return NO_FIT;
      const gpuLeft = (snapshot.idleMilli[node] as number) - costMilli(snapshot, node, demand);
      return Math.floor(100 * (1 - cpuLeft / largest.cpuMilli / 2 - gpuLeft / largest.gpuMilli / 2));
    },
    gpus: () => undefined,
  };
}
