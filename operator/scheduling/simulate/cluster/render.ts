import { type Change, changeText } from './changes.ts';
import type { GangFate, Outcome, SubmitOutcome } from './outcome.ts';

/** Most pods that are listed one by one. */
const LISTED = 20;

/** The answer of `simulate submit` as text for a terminal. */
export function renderSubmit({ submitted, unmanaged, delayed }: SubmitOutcome, passedOver: readonly string[]): string {
  const lines = [
    ...submitted.flatMap(fateLines),
    ...unmanaged.map(({ pod, sentence }) => `${pod} is not planned: ${sentence}`),
    ...delayed.map((fate) => `${title(fate)} would start now, and waits then: ${fate.sentence ?? fate.blocker}`),
    ...(passedOver.length === 0 ? [] : [`Passed over, since they make no pods: ${passedOver.join(', ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

/** What changes would do to what waits, as JSON and for the text. */
export interface CapacityReport {
  readonly changes: readonly string[];
  readonly before: Totals;
  readonly after: Totals;
  /** Gangs that wait now and would start. */
  readonly starts: readonly GangFate[];
  /** Gangs that wait with the changes too. */
  readonly waits: readonly GangFate[];
}

/** One state in numbers; GPUs in thousandths. */
export interface Totals {
  readonly capacityMilli: number;
  readonly allocatedMilli: number;
  readonly waitingGangs: number;
  readonly waitingPods: number;
}

/** Compares the plan with and without changes. What the planner would release in both is no news. */
export function capacityReport(changes: readonly Change[], before: Outcome, after: Outcome): CapacityReport {
  const fates = [...after.fates.values()];
  return {
    changes: changes.map(changeText),
    before: totals(before),
    after: totals(after),
    starts: fates.filter(({ gang, starts }) => starts && before.fates.get(gang)?.starts !== true),
    waits: fates.filter(({ starts }) => !starts),
  };
}

function totals({ numbers }: Outcome): Totals {
  const { capacityMilli, allocatedMilli, waitingGangs, waitingPods } = numbers;
  return { capacityMilli, allocatedMilli, waitingGangs, waitingPods };
}

/** The answer of `simulate capacity` as text for a terminal. */
export function renderCapacity({ changes, before, after, starts, waits }: CapacityReport): string {
  const rows: readonly (readonly [string, string, string])[] = [
    ['', 'now', 'then'],
    ['GPUs', gpus(before.capacityMilli), gpus(after.capacityMilli)],
    ['in use after the plan', gpus(before.allocatedMilli), gpus(after.allocatedMilli)],
    ['waiting gangs', String(before.waitingGangs), String(after.waitingGangs)],
    ['waiting pods', String(before.waitingPods), String(after.waitingPods)],
  ];
  const lines = [
    `With ${changes.length === 0 ? 'no change' : changes.join('; ')}:`,
    ...rows.map(([name, now, then]) => `  ${name.padEnd(22)}${now.padStart(10)}${then.padStart(10)}`),
    ...starts.slice(0, LISTED).map((fate) => `starts: ${title(fate)}${placed(fate)}`),
    ...more(starts.length),
    ...waits.slice(0, LISTED).map((fate) => `waits:  ${title(fate)} for ${fate.blocker}: ${fate.sentence}`),
    ...more(waits.length),
  ];
  return `${lines.join('\n')}\n`;
}

function fateLines(fate: GangFate): readonly string[] {
  if (fate.starts) {
    const pods = fate.pods.map((pod) => `  ${pod} → ${fate.nodes[pod] ?? 'wherever kube-scheduler likes'}`);
    return [`${title(fate)} would start now:`, ...pods.slice(0, LISTED), ...more(pods.length)];
  }
  const helps = (fate.counterfactuals ?? []).map(
    ({ change }, at) => `  ${at === 0 ? 'it would start now with' : '                     or'} ${change}`,
  );
  return [`${title(fate)} would wait for ${fate.blocker}: ${fate.sentence}`, ...helps];
}

function title({ gang, pods }: GangFate): string {
  return pods.length === 1 ? `pod ${pods[0]}` : `${gang} (${pods.length} pods)`;
}

function placed({ nodes }: GangFate): string {
  const names = [...new Set(Object.values(nodes))];
  return names.length === 0 ? '' : ` on ${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}`;
}

function more(count: number): readonly string[] {
  return count > LISTED ? [`  … and ${count - LISTED} more`] : [];
}

function gpus(milli: number): string {
  return String(Math.round(milli / 100) / 10);
}
