import { type NodeFacts, seededRandom, shuffled } from '../../operator/scheduling/planner/index.ts';
import type { TracePod } from '../../operator/scheduling/simulate/index.ts';

/** How the models that a pod is bound to are chosen. */
export const BINDING_WAYS = ['capacity', 'uniform', 'sets', 'size'] as const;

/**
 * One way to choose models among those that could run the pod: one, likely by its GPUs in the fleet (`capacity`); one,
 * all alike (`uniform`); two or three, all alike (`sets`); one, rare models for large pods and common ones for small
 * (`size`).
 */
export type BindingWay = (typeof BINDING_WAYS)[number];

/** How much of a list is bound, and how. */
export interface BindingOptions {
  /** Part of the GPU pods that name models, 0..1. */
  readonly share: number;
  readonly way: BindingWay;
  readonly seed: number;
}

interface Model {
  readonly name: string;
  readonly gpus: number;
  readonly cpuMilli: number;
  readonly memoryMiB: number;
  readonly gpusOfNode: number;
}

/** A harder list: some GPU pods, drawn at random, name the models they run on; each could run there on an empty node. */
export function bindModels(
  pods: readonly TracePod[],
  nodes: readonly NodeFacts[],
  { share, way, seed }: BindingOptions,
): TracePod[] {
  const random = seededRandom(seed);
  const models = modelsOf(nodes);
  const withGpus = pods.filter(({ gpus }) => gpus.length > 0);
  const chosen = new Set(shuffled(withGpus, random).slice(0, Math.round(share * withGpus.length)));
  return pods.map((pod) => {
    if (!chosen.has(pod)) return { ...pod, where: undefined };
    const able = models.filter((model) => couldRun(model, pod));
    if (able.length === 0) return { ...pod, where: undefined };
    return { ...pod, where: { models: choose(able, pod, way, random) } };
  });
}

/** Models, most GPUs first; of each the largest node. */
function modelsOf(nodes: readonly NodeFacts[]): Model[] {
  const models = new Map<string, Model>();
  for (const { model, gpus, cpuMilli, memoryMiB } of nodes) {
    if (gpus.count === 0) continue;
    const known = models.get(model) ?? { name: model, gpus: 0, cpuMilli: 0, memoryMiB: 0, gpusOfNode: 0 };
    models.set(model, {
      name: model,
      gpus: known.gpus + gpus.count,
      cpuMilli: Math.max(known.cpuMilli, cpuMilli),
      memoryMiB: Math.max(known.memoryMiB, memoryMiB),
      gpusOfNode: Math.max(known.gpusOfNode, gpus.count),
    });
  }
  return [...models.values()].sort((left, right) => right.gpus - left.gpus || (left.name < right.name ? -1 : 1));
}

function devices(pod: TracePod): number {
  return pod.gpus.reduce((sum, gpu) => sum + (gpu.kind === 'share' ? 1 : gpu.count), 0);
}

function couldRun(model: Model, pod: TracePod): boolean {
  return model.cpuMilli >= pod.cpuMilli && model.memoryMiB >= pod.memoryMiB && model.gpusOfNode >= devices(pod);
}

function choose(able: readonly Model[], pod: TracePod, way: BindingWay, random: () => number): string[] {
  if (way === 'capacity') return [byCapacity(able, random)];
  if (way === 'size') {
    const rare = pod.gpus.some((gpu) => gpu.kind === 'devices');
    const half = Math.ceil(able.length / 2);
    const side = rare && able.length > 1 ? able.slice(half) : able.slice(0, half);
    return [byCapacity(side, random)];
  }
  const count = way === 'uniform' ? 1 : 2 + Math.floor(random() * 2);
  return shuffled(able, random)
    .slice(0, count)
    .map(({ name }) => name)
    .sort();
}

function byCapacity(able: readonly Model[], random: () => number): string {
  let left = random() * able.reduce((sum, { gpus }) => sum + gpus, 0);
  for (const { name, gpus } of able) {
    left -= gpus;
    if (left < 0) return name;
  }
  return able[able.length - 1]?.name ?? '';
}
