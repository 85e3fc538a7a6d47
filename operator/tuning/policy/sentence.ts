import type { Predicted, TargetRef } from '../../api/index.ts';
import type { IdlePod } from './idle-pod.ts';
import type { Settings } from './settings.ts';

/** What the sentence speaks of. */
export interface IdleStory {
  readonly workload: TargetRef;
  readonly devices: number;
  readonly unit: string;
  readonly pods: readonly IdlePod[];
  readonly settings: Settings;
  readonly predicted: Predicted;
  readonly proposed: string;
}

/** The proposal in one sentence for a person who has not read this project's documentation. */
export function idleSentence({ workload, devices, unit, pods, settings, predicted, proposed }: IdleStory): string {
  const power = pods.flatMap(({ seen }) => seen.power ?? []);
  const watts = Math.max(...power.map((one) => one.watts));
  const drew = power.length === 0 ? '' : ` and drew at most ${watts.toFixed(0)} W, as an idle one does`;
  const money =
    predicted.moneyPerMonth === undefined
      ? ''
      : `, worth ${cut(predicted.moneyPerMonth)} ${predicted.currency?.toUpperCase()}`;
  const they = devices === 1 ? 'it' : 'they';
  return (
    `${workload.kind} ${workload.name} holds ${devices} ${unit || 'GPU'} ${devices === 1 ? 'GPU' : 'GPUs'}, and for ` +
    `${span(settings.windowSeconds)} ${they} stayed below ${settings.belowPercent} % activity${drew}: ` +
    `${proposed} to free ${hoursText(predicted.gpuSecondsPerMonth)} GPU-hours in 30 days${money}.`
  );
}

/** A worth for reading: two digits after the point, the rest dropped. */
function cut(money: string): string {
  return money.replace(/([.]\d{2})\d*$/, '$1');
}

/** A span of whole seconds in the largest unit that divides it. */
export function span(seconds: number): string {
  const units = [
    [86_400, 'day'],
    [3_600, 'hour'],
    [60, 'minute'],
  ] as const;
  const fitting = units.find(([size]) => seconds % size === 0);
  const [size, word] = fitting ?? [1, 'second'];
  const amount = seconds / size;
  return `${amount} ${word}${amount === 1 ? '' : 's'}`;
}

/** Whole GPU-hours, the rest dropped, with thousands apart. */
function hoursText(gpuSeconds: string): string {
  return (BigInt(gpuSeconds) / 3_600n).toLocaleString('en-US');
}
