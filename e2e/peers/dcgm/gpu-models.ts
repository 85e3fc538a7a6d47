/** What a GPU of a model draws and holds. Watts: `idle` with no process, `context` idle with a process, `board` at most. */
export interface GpuModel {
  readonly modelName: string;
  readonly memoryMiB: number;
  readonly idleWatts: number;
  readonly contextWatts: number;
  readonly boardWatts: number;
}

const models: readonly (readonly [RegExp, Omit<GpuModel, 'modelName'>])[] = [
  [/H200/, { memoryMiB: 143771, idleWatts: 76, contextWatts: 118, boardWatts: 700 }],
  [/H100/, { memoryMiB: 81559, idleWatts: 70, contextWatts: 115, boardWatts: 700 }],
  [/A100/, { memoryMiB: 81920, idleWatts: 55, contextWatts: 78, boardWatts: 400 }],
  [/L40S/, { memoryMiB: 46068, idleWatts: 35, contextWatts: 85, boardWatts: 350 }],
  [/L4\b/, { memoryMiB: 23034, idleWatts: 13, contextWatts: 29, boardWatts: 72 }],
  [/T4\b/, { memoryMiB: 15360, idleWatts: 10, contextWatts: 27, boardWatts: 70 }],
];

const other: Omit<GpuModel, 'modelName'> = { memoryMiB: 16384, idleWatts: 25, contextWatts: 45, boardWatts: 250 };

/** The model of a node by the label nvidia.com/gpu.product, in which GPU Feature Discovery replaces spaces. */
export function modelOf(product: string): GpuModel {
  const bare = product.replace(/-SHARED$/, '').replace(/-MIG-.*$/, '');
  const figures = models.find(([pattern]) => pattern.test(bare))?.[1] ?? other;
  return { modelName: nameOf(bare), ...figures };
}

/** NVIDIA's own name: `NVIDIA-A100-SXM4-80GB` is `NVIDIA A100-SXM4-80GB`, `Tesla-T4` is `Tesla T4`. */
function nameOf(product: string): string {
  const words = product.replaceAll('-', ' ');
  return words.replace(/\b(A100|V100) (SXM\d?|PCIE) (\d+GB)\b/i, '$1-$2-$3');
}
