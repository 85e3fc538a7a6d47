import { type FleetNode, generateNodes } from '../fleet/nodes.ts';
import { readTrace } from '../fleet/trace.ts';
import { generateWorkload, INFER_NAMESPACE, TRAIN_NAMESPACE, type WorkloadItem } from '../fleet/workload.ts';

/** What is played. */
export interface DemoFleet {
  readonly nodes: readonly FleetNode[];
  readonly workload: readonly WorkloadItem[];
  readonly namespaces: readonly string[];
  readonly gpus: number;
  /** Pools and prices that the samples lack; empty for the generated fleet. */
  readonly extras: readonly object[];
}

/** How much is played, and from where. */
export interface FleetOptions {
  readonly trace?: string;
  readonly pods: number;
  readonly nodes: number;
  readonly seed: number;
}

/** Price of an hour of one time-slice in a trace's price book, in US dollars: the trace itself has no prices. */
const TRACE_SLOT_PER_HOUR = '0.25';

/** The generated fleet and workload, or those of a trace. */
export function demoFleet({ trace, pods, nodes, seed }: FleetOptions): DemoFleet {
  const namespaces = [TRAIN_NAMESPACE, INFER_NAMESPACE];
  if (trace === undefined) {
    const generated = generateNodes();
    return {
      nodes: generated,
      workload: generateWorkload({ seed, pods }),
      namespaces,
      gpus: gpusOf(generated),
      extras: [],
    };
  }
  const fleet = readTrace(trace, { nodes, pods });
  const models = [...new Set(fleet.nodes.map((node) => node.metadata.labels['nvidia.com/gpu.product'] ?? ''))].sort();
  return {
    ...fleet,
    namespaces,
    gpus: gpusOf(fleet.nodes),
    extras: [...models.map(tracePool), tracePrices(models)],
  };
}

function gpusOf(nodes: readonly FleetNode[]): number {
  return nodes.reduce((sum, node) => sum + Number(node.metadata.labels['nvidia.com/gpu.count'] ?? 0), 0);
}

function poolName(model: string): string {
  return `trace-${model.toLowerCase()}`;
}

function tracePool(model: string): object {
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GPUPool',
    metadata: { name: poolName(model) },
    spec: {
      nodes: { selector: { matchLabels: { 'nvidia.com/gpu.product': model } } },
      sharing: { type: 'TimeSlicing', timeSlicing: { replicas: 4 } },
    },
  };
}

function tracePrices(models: readonly string[]): object {
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'PriceBook',
    metadata: { name: 'standard-2' },
    spec: {
      book: 'standard',
      version: 2,
      currency: 'usd',
      effectiveFromTime: '2026-01-02T00:00:00Z',
      skus: models.map((model) => ({
        name: `${model.toLowerCase().replace(/[^a-z0-9]+/g, '_')}__ts4`,
        match: { model, profile: 'ts4' },
        perHour: TRACE_SLOT_PER_HOUR,
      })),
    },
  };
}
