import { migResourceMilli } from '../../operator/pools/mig/index.ts';
import { MILLI_PER_GPU } from '../../operator/scheduling/planner/index.ts';
import type { TracePod } from '../../operator/scheduling/simulate/index.ts';
import { GROUPS, SHARED, WHOLE } from './groups.ts';
import type { FleetNode } from './nodes.ts';
import type { WorkloadItem } from './workload.ts';

/** Seconds that a pod without an end lives in the list: longer than any replay. */
const FOREVER_SECONDS = 1_000_000;

/** Worth of a time-slice: the fleet and the played traces cut a GPU in four. */
const QUARTER_MILLI = MILLI_PER_GPU / 4;

/** The fleet as an openb node list: physical GPUs, however they are shared. */
export function nodesCsv(nodes: readonly FleetNode[]): string {
  const lines = nodes.map(({ metadata, status }) => {
    const { cpu = '0', memory = '0Gi' } = status.allocatable;
    const cpuMilli = cpu.endsWith('m') ? cpu.slice(0, -1) : `${cpu}000`;
    const memoryMiB = memory.endsWith('Gi') ? Number(memory.slice(0, -2)) * 1024 : Number(memory.slice(0, -2));
    const gpus = metadata.labels['nvidia.com/gpu.count'] ?? '0';
    return [metadata.name, cpuMilli, memoryMiB, gpus, metadata.labels['nvidia.com/gpu.product'] ?? ''].join(',');
  });
  return `${['sn,cpu_milli,memory_mib,gpu,model', ...lines].join('\n')}\n`;
}

/**
 * The workload as an openb pod list, one line a pod. openb knows whole GPUs and shares only: a time-slice becomes a
 * share of its quarter, a MIG device a share of its worth, on any GPU of the models that offer it.
 */
export function podsCsv(workload: readonly WorkloadItem[]): string {
  const header =
    'name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec,qos,pod_phase,creation_time,deletion_time,scheduled_time';
  const lines = workload.flatMap((item) =>
    Array.from({ length: item.pods }, (_, index) => podLine(item, item.pods === 1 ? '' : `-${index}`)),
  );
  return `${[header, ...lines].join('\n')}\n`;
}

/** Pods of a trace as an openb pod list without times, for lists that were changed. */
export function traceCsv(pods: readonly TracePod[]): string {
  const lines = pods.map(({ name, cpuMilli, memoryMiB, gpus, where }) => {
    const gpu = gpus[0];
    const count = gpu === undefined ? 0 : gpu.kind === 'share' ? 1 : gpu.count;
    const milli = gpu === undefined ? 0 : gpu.kind === 'share' ? gpu.milli : MILLI_PER_GPU;
    return [name, cpuMilli, memoryMiB, count, milli, where?.models?.join('|') ?? ''].join(',');
  });
  return `${['name,cpu_milli,memory_mib,num_gpu,gpu_milli,gpu_spec', ...lines].join('\n')}\n`;
}

function podLine({ at, object, needs }: WorkloadItem, suffix: string): string {
  const name = `${object.metadata.namespace}/${object.metadata.name}${suffix}`;
  const { count, milli, products } = gpuColumns(needs.devices);
  const created = Math.round(at);
  const deleted = created + (needs.runSeconds ?? FOREVER_SECONDS);
  const models = (needs.products ?? products).join('|');
  return [name, needs.cpuMilli, needs.memoryMiB, count, milli, models, 'LS', 'Running', created, deleted, created].join(
    ',',
  );
}

function gpuColumns(devices: Readonly<Record<string, number>>): {
  readonly count: number;
  readonly milli: number;
  readonly products: readonly string[];
} {
  const [resource, count] = Object.entries(devices)[0] ?? [];
  if (resource === undefined || count === undefined) return { count: 0, milli: 0, products: [] };
  if (resource === WHOLE) return { count, milli: MILLI_PER_GPU, products: [] };
  const kind = resource === SHARED ? 'time-slicing' : 'mig';
  const milli = count * (resource === SHARED ? QUARTER_MILLI : (migMilli(resource) ?? MILLI_PER_GPU));
  const products = [...new Set(GROUPS.filter(({ sharing }) => sharing.kind === kind).map(({ product }) => product))];
  if (milli < MILLI_PER_GPU) return { count: 1, milli, products };
  return { count: Math.ceil(milli / MILLI_PER_GPU), milli: MILLI_PER_GPU, products };
}

function migMilli(resource: string): number | undefined {
  const group = GROUPS.find(({ sharing }) => sharing.kind === 'mig');
  return group === undefined ? undefined : migResourceMilli(resource, group.product, group.memoryMiB);
}
