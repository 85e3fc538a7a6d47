import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MILLI_PER_GPU, type NodeFacts } from '../../operator/scheduling/planner/index.ts';
import { parseOpenbNodes, parseOpenbPods, type TracePod } from '../../operator/scheduling/simulate/index.ts';
import { SHARED } from './groups.ts';
import { type FleetNode, fakeNode, KWOK_TAINT } from './nodes.ts';
import { type PodNeeds, podOf } from './objects.ts';
import { INFER_NAMESPACE, TRAIN_NAMESPACE, type WorkloadItem } from './workload.ts';

/** Time-slices of a GPU in a trace that is played on a cluster. */
const REPLICAS = 4;
const SLOT_MILLI = MILLI_PER_GPU / REPLICAS;
/** A trace second lasts a tenth of a second; a pod of median life (616 s) runs a minute. */
const SPEED = 10;
const MIN_RUN_SECONDS = 10;
const MAX_RUN_SECONDS = 120;

const NODE_FILE = 'openb_node_list_gpu_node.csv';
const POD_FILE = 'openb_pod_list_default.csv';

/** How much of a trace is taken. */
export interface TraceOptions {
  readonly nodes: number;
  readonly pods: number;
  /** Seconds over which the pods arrive, evenly: the trace's own times are too bursty for minutes. */
  readonly spanSeconds?: number;
}

/** A part of a trace as objects. */
export interface TraceFleet {
  readonly nodes: readonly FleetNode[];
  readonly workload: readonly WorkloadItem[];
}

/** Reads the first nodes and the first pods (by creation time) of an openb-format trace in `directory`. */
export function readTrace(directory: string, options: TraceOptions): TraceFleet {
  const { nodes, pods } = readLists(directory);
  return traceFleet(nodes, pods, options);
}

/** Reads all nodes and pods of an openb-format trace in `directory`. */
export function readLists(directory: string): { readonly nodes: NodeFacts[]; readonly pods: TracePod[] } {
  const nodeFile = join(directory, NODE_FILE);
  const podFile = join(directory, POD_FILE);
  return {
    nodes: parseOpenbNodes(readFileSync(nodeFile, 'utf8'), nodeFile),
    pods: parseOpenbPods(readFileSync(podFile, 'utf8'), podFile),
  };
}

/**
 * Turns trace rows into objects. A device plugin offers a node's GPUs in one way only, and a trace mixes shares with
 * whole GPUs on a node; so every GPU is offered as four time-slices, a whole GPU is asked for as four of them, and a
 * share is rounded up to quarters (1 to 250 thousandths: one, 251 to 500: two, and so on).
 */
export function traceFleet(
  nodes: readonly NodeFacts[],
  pods: readonly TracePod[],
  { nodes: nodeCount, pods: podCount, spanSeconds = 100 }: TraceOptions,
): TraceFleet {
  const first = [...pods]
    .sort((left, right) => (left.createdSeconds ?? 0) - (right.createdSeconds ?? 0))
    .slice(0, podCount);
  return {
    nodes: nodes.slice(0, nodeCount).map(traceNode),
    workload: first.map((pod, index) => {
      const needs = traceNeeds(pod);
      const namespace = index % 2 === 0 ? TRAIN_NAMESPACE : INFER_NAMESPACE;
      const at = Math.round((index * spanSeconds * 10) / Math.max(1, first.length)) / 10;
      return { at, object: podOf(namespace, pod.name, needs), pods: 1, needs, expect: 'runs' as const };
    }),
  };
}

function traceNode(facts: NodeFacts): FleetNode {
  return fakeNode(
    facts.name,
    {
      'nvidia.com/gpu.present': 'true',
      'nvidia.com/gpu.product': facts.model,
      'nvidia.com/gpu.count': String(facts.gpus.count),
      'nvidia.com/gpu.replicas': String(REPLICAS),
      'nvidia.com/gpu.sharing-strategy': 'time-slicing',
      'nvidia.com/mig.strategy': 'none',
    },
    {
      cpu: `${facts.cpuMilli}m`,
      memory: `${facts.memoryMiB}Mi`,
      pods: '110',
      [SHARED]: String(facts.gpus.count * REPLICAS),
    },
    [KWOK_TAINT],
  );
}

function traceNeeds(pod: TracePod): PodNeeds {
  const slots = pod.gpus.reduce(
    (sum, gpu) => sum + (gpu.kind === 'share' ? Math.ceil(gpu.milli / SLOT_MILLI) : gpu.count * REPLICAS),
    0,
  );
  const lived = ((pod.deletedSeconds ?? 0) - (pod.createdSeconds ?? 0)) / SPEED;
  return {
    cpuMilli: pod.cpuMilli,
    memoryMiB: pod.memoryMiB,
    devices: slots === 0 ? {} : { [SHARED]: slots },
    products: pod.where?.models,
    runSeconds: Math.round(Math.min(MAX_RUN_SECONDS, Math.max(MIN_RUN_SECONDS, lived))),
  };
}
