import { ClusterError } from '../cluster/cluster-error.ts';
import { type FleetNode, generateNodes } from '../fleet/nodes.ts';
import { readTrace } from '../fleet/trace.ts';
import { generateWorkload, INFER_NAMESPACE, TRAIN_NAMESPACE, type WorkloadItem } from '../fleet/workload.ts';

/** What is played. */
export interface DemoFleet {
  readonly nodes: readonly FleetNode[];
  readonly workload: readonly WorkloadItem[];
  readonly namespaces: readonly string[];
  readonly gpus: number;
  /** Pods that the workload leaves idle, so that there is something to recommend. */
  readonly idlePods: number;
  /** What fits the samples to a trace; empty for the generated fleet. */
  readonly patches: readonly object[];
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

/** Example prices of an hour of one time-slice, a quarter of a GPU, in US dollars: the trace itself has none. */
const slotPrices: Readonly<Record<string, string>> = {
  T4: '0.10',
  P100: '0.20',
  V100M16: '0.40',
  V100M32: '0.50',
  G2: '0.30',
  G3: '0.60',
};
const OTHER_SLOT_PRICE = '0.25';
/** Each tenant may hold six tenths of a pool, so that limits matter only when the fleet is crowded. */
const SHARE_OF_POOL = 0.6;
const SAMPLE_POOLS = ['h100', 'a100', 'a100-mig', 'l4', 'l4-shared', 't4'];
const TENANTS = ['acme', 'globex'];
/** At most this busy counts as idle in the sample policy. */
const IDLE_PERCENT = 1;

/** The generated fleet and workload, or those of a trace. */
export function demoFleet({ trace, pods, nodes, seed }: FleetOptions): DemoFleet {
  const namespaces = [TRAIN_NAMESPACE, INFER_NAMESPACE];
  if (trace === undefined) {
    const generated = generateNodes();
    const workload = generateWorkload({ seed, pods });
    const gpus = gpusOf(generated);
    return { nodes: generated, workload, namespaces, gpus, idlePods: idleIn(workload), patches: [], extras: [] };
  }
  const fleet = traceIn(trace, nodes, pods);
  const models = [...Map.groupBy(fleet.nodes, modelOf)].sort(([a], [b]) => a.localeCompare(b, 'en'));
  const pools = models.map(([model, members]) => ({ model, gpus: gpusOf(members) }));
  return {
    ...fleet,
    namespaces,
    gpus: gpusOf(fleet.nodes),
    idlePods: idleIn(fleet.workload),
    patches: [...SAMPLE_POOLS.map(noPool), noPrices(), ...TENANTS.map((name) => traceTenant(name, pools))],
    extras: [...pools.map(({ model }) => tracePool(model)), tracePrices(pools.map(({ model }) => model))],
  };
}

function traceIn(folder: string, nodes: number, pods: number): Pick<DemoFleet, 'nodes' | 'workload'> {
  try {
    return readTrace(folder, { nodes, pods });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ClusterError('Unsupported', `TRACE=${folder} cannot be played: ${why}`, { cause });
  }
}

function idleIn(workload: readonly WorkloadItem[]): number {
  const idle = workload.filter(({ needs }) => (needs.utilisationPercent ?? 100) <= IDLE_PERCENT);
  return idle.reduce((sum, { pods }) => sum + pods, 0);
}

function gpusOf(nodes: readonly FleetNode[]): number {
  return nodes.reduce((sum, node) => sum + Number(node.metadata.labels['nvidia.com/gpu.count'] ?? 0), 0);
}

function modelOf(node: FleetNode): string {
  return node.metadata.labels['nvidia.com/gpu.product'] ?? '';
}

function poolName(model: string): string {
  return `trace-${model.toLowerCase()}`;
}

const apiVersion = 'gpuoptimizer.io/v1alpha1';

function noPool(name: string): object {
  return { apiVersion, kind: 'GPUPool', metadata: { name }, $patch: 'delete' };
}

function noPrices(): object {
  return { apiVersion, kind: 'PriceBook', metadata: { name: 'standard-1' }, $patch: 'delete' };
}

function traceTenant(name: string, pools: readonly { readonly model: string; readonly gpus: number }[]): object {
  const quotas = pools.map(({ model, gpus }) => ({ pool: poolName(model), limit: Math.ceil(gpus * SHARE_OF_POOL) }));
  return { apiVersion, kind: 'Tenant', metadata: { name }, spec: { quotas } };
}

function tracePool(model: string): object {
  return {
    apiVersion,
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
    apiVersion,
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
        perHour: slotPrices[model] ?? OTHER_SLOT_PRICE,
      })),
    },
  };
}
