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

/** How hard a pod works: the annotation `gpuoptimizer.io/simulated-load`, `busy` when absent. */
export type Load = 'busy' | 'idle' | 'bursty';

/** The fleet at one moment. */
export interface World {
  readonly nodes: readonly NodeFacts[];
  readonly pods: readonly PodFacts[];
}

/** Reads the load that a pod simulates; an unknown word counts as busy, the state in which nothing is recommended. */
export function loadOf(annotations: Readonly<Record<string, string>> | undefined): Load {
  const word = annotations?.['gpuoptimizer.io/simulated-load'];
  return word === 'idle' || word === 'bursty' ? word : 'busy';
}
