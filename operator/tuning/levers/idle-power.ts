import { activityOf } from '../gate/signal.ts';
import type { Device } from '../telemetry/devices.ts';
import { paired, quantile } from '../telemetry/series.ts';

/** Board power of a model in watts, by NVIDIA's data sheets. */
const boardWatts: readonly (readonly [RegExp, number])[] = [
  [/B200/, 1000],
  [/H200/, 700],
  [/H100.*(PCIe|NVL)/i, 350],
  [/H100/, 700],
  [/A100.*PCIe/i, 300],
  [/A100/, 400],
  [/V100/, 300],
  [/L40S/, 350],
  [/L40/, 300],
  [/L4\b/, 72],
  [/A10\b/, 150],
  [/A30\b/, 165],
  [/T4\b/, 70],
];

/** An idle GPU with a context draws well below half of its board power; more is work, whatever the activity says. */
const IDLE_SHARE_OF_BOARD = 0.5;
/** Fewer samples say nothing about a model. */
const LEAST_SAMPLES = 5;

/**
 * Idle-with-context power in watts of each model: the 5th percentile of power at samples below the idle threshold,
 * with a pod on the GPU. Never above half of the board power, where the model is known: otherwise a fleet whose
 * activity series lie would teach that 500 W is idle. MIG instances teach nothing: their power is the whole GPU's.
 */
export function learnIdleWatts(
  devices: readonly { readonly model: string; readonly device: Device }[],
  below: number,
): ReadonlyMap<string, number> {
  const learned = new Map<string, number>();
  for (const [model, rows] of Map.groupBy(devices, (row) => row.model)) {
    const watts = rows.flatMap(({ device }) => idleSamples(device, below));
    const fifth = watts.length < LEAST_SAMPLES ? undefined : quantile(watts, 0.05);
    if (fifth !== undefined) learned.set(model, Math.min(fifth, ceilingOf(model)));
  }
  return learned;
}

function idleSamples(device: Device, below: number): readonly number[] {
  if (device.instance !== undefined) return [];
  return paired(activityOf(device)?.samples ?? [], device.samples.power ?? [])
    .filter(([activity]) => activity < below)
    .map(([, watts]) => watts);
}

function ceilingOf(model: string): number {
  const board = boardWatts.find(([pattern]) => pattern.test(model))?.[1];
  return board === undefined ? Number.POSITIVE_INFINITY : board * IDLE_SHARE_OF_BOARD;
}
