import { gpuKey } from './demand.ts';
import type { Demand, NodeConstraint, ShapeCount } from './types.ts';

/** Share of pods that the typical shapes must cover [FGD: "typical pods", 95 %]. */
const COVERED = 0.95;

/** Counts pods by what FGD calls a shape: CPU, GPUs and models allowed. Memory is no part of it. */
export function countShapes(pods: Iterable<Demand & { readonly where?: NodeConstraint }>): ShapeCount[] {
  const counts = new Map<string, { shape: Omit<ShapeCount, 'count'>; count: number }>();
  for (const pod of pods) {
    const key = `${pod.cpuMilli}/${gpuKey(pod.gpus)}/${pod.where?.models?.join('|') ?? ''}`;
    const known = counts.get(key);
    if (known !== undefined) known.count++;
    else counts.set(key, { shape: { cpuMilli: pod.cpuMilli, gpus: pod.gpus, models: pod.where?.models }, count: 1 });
  }
  return [...counts.values()].map(({ shape, count }) => ({ ...shape, count }));
}

/** A shape and its share of the typical pods, all shares together 1. */
export interface TypicalShape extends ShapeCount {
  readonly weight: number;
}

/** The most frequent shapes that together cover 95 % of the pods, weighted by frequency; equals keep input order. */
export function typicalShapes(shapes: readonly ShapeCount[]): TypicalShape[] {
  const total = shapes.reduce((sum, shape) => sum + shape.count, 0);
  const chosen: ShapeCount[] = [];
  let covered = 0;
  for (const shape of [...shapes].sort((left, right) => right.count - left.count)) {
    if (covered >= COVERED * total) break;
    chosen.push(shape);
    covered += shape.count;
  }
  return chosen.map((shape) => ({ ...shape, weight: shape.count / covered }));
}
