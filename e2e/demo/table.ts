import type { ClusterFacts } from './facts.ts';

/** One moment of the live table. */
export interface Moment {
  readonly seconds: number;
  readonly created: number;
  readonly facts: ClusterFacts;
}

const columns = ['time', 'pods', 'waiting', 'running', 'finished', 'GPUs', 'allocated', 'stranded', 'advice'] as const;
const widths = [5, 5, 8, 8, 9, 5, 10, 9, 7];

/** The heading of the live table. */
export function heading(): string {
  return line(columns);
}

/** One row of the live table. */
export function row(moment: Moment): string {
  const { pods, pools, recommendations } = moment.facts;
  const count = (state: string): string => String(pods.filter((pod) => pod.state === state).length);
  const gpus = sum(pools.map((pool) => pool.status?.capacity?.gpus));
  const allocated = sum(pools.map((pool) => pool.status?.allocated?.milli));
  const stranded = sum(pools.map((pool) => pool.status?.fragmentation?.strandedMilli));
  return line([
    `${Math.floor(moment.seconds / 60)}:${String(moment.seconds % 60).padStart(2, '0')}`,
    String(moment.created),
    count('waiting'),
    count('running'),
    count('finished'),
    String(gpus),
    gpus === 0 ? '–' : `${((allocated / (gpus * 1000)) * 100).toFixed(1)} %`,
    `${(stranded / 1000).toFixed(1)} GPU`,
    String(recommendations.length),
  ]);
}

function line(cells: readonly string[]): string {
  return `  ${cells.map((cell, at) => cell.padStart(widths[at] ?? 8)).join('  ')}`;
}

function sum(values: readonly (number | undefined)[]): number {
  return values.reduce<number>((total, value) => total + (value ?? 0), 0);
}
