/** What the exporter knows of a node. */
export interface NodeFacts {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly capacity: Readonly<Record<string, string>>;
}

/** What the exporter knows of a running pod that holds GPUs. */
export interface PodFacts {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly node: string;
  /** The container that asked. */
  readonly container: string;
  readonly resource: string;
  readonly devices: number;
  readonly load: Load;
}

/** How hard a pod works: a steady ratio 0…1 of its GPUs' time, or bursts and pauses in turn. */
export type Load = number | 'bursty';

/** The fleet at one moment. */
export interface World {
  readonly nodes: readonly NodeFacts[];
  readonly pods: readonly PodFacts[];
}

const BUSY = 0.9;
/** At or below this percentage a pod counts as one that holds its GPUs and does nothing. */
const IDLE_PERCENT = 1;

/**
 * The load that a pod simulates: the annotation `gpuoptimizer.io/simulated-load` (busy, idle or bursty), else a percentage
 * in `e2e.gpuoptimizer.io/gpu-utilisation-percent`. Anything else is busy, the state in which nothing is recommended.
 */
export function loadOf(annotations: Readonly<Record<string, string>> = {}): Load {
  const word = annotations['gpuoptimizer.io/simulated-load'];
  if (word === 'bursty') return 'bursty';
  if (word === 'idle') return 0;
  const percent = Number(annotations['e2e.gpuoptimizer.io/gpu-utilisation-percent'] ?? Number.NaN);
  if (word !== undefined || Number.isNaN(percent)) return BUSY;
  return percent <= IDLE_PERCENT ? 0 : Math.min(100, percent) / 100;
}
