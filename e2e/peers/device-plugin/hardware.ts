import type { GpuNode } from './node-api.ts';

/** MIG devices on one GPU by profile; none on a whole GPU. */
export type Cut = Readonly<Record<string, number>>;

/** Annotation that stands for the GPUs of a fake node: what NVML would say. mig-manager's peer writes it. */
export const HARDWARE_ANNOTATION = 'e2e.gpuoptimizer.io/gpus';

/** The GPUs of a node by index; none where the annotation is missing. */
export function hardwareOf({ metadata }: GpuNode): readonly Cut[] {
  const found: unknown = JSON.parse(metadata.annotations?.[HARDWARE_ANNOTATION] ?? '[]');
  return Array.isArray(found) ? found : [];
}

/** What the annotation says of these GPUs. */
export function hardwareText(gpus: readonly Cut[]): string {
  return JSON.stringify(gpus);
}
