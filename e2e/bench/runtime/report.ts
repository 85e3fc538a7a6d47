import { machineText } from '../command.ts';
import { aligned, median } from '../numbers.ts';
import type { RuntimeReport, SideRound } from './measure.ts';
import { CONCURRENCY, NODE_OPTIONS } from './side.ts';
import { judge } from './targets.ts';

/**
 * A line of the comparison. A `rate` is better when it is more, a `span` of time and a `use` when it is less; the ratio
 * of rates and spans says how many times as fast ours is, that of uses how many times as much it takes.
 */
export interface Row {
  readonly name: string;
  readonly is: 'rate' | 'span' | 'use';
  readonly digits: number;
  readonly of: (side: SideRound) => number;
}

/** What is compared, in the order in which it happens. */
export const rows: readonly Row[] = [
  { name: 'first run: start to synced cache, s', is: 'span', digits: 2, of: ({ first }) => first.secondsToSynced },
  { name: 'first run: start to all Ready, s', is: 'span', digits: 1, of: ({ first }) => first.secondsToAllReady },
  { name: 'first run: objects Ready/s after sync', is: 'rate', digits: 0, of: ({ first }) => first.perSecond },
  { name: 'first run: reconciles/s', is: 'rate', digits: 0, of: ({ first }) => first.reconcilesPerSecond },
  { name: 'first run: reconciles', is: 'use', digits: 0, of: ({ first }) => first.reconciles },
  { name: 'first run: writes sent', is: 'use', digits: 0, of: ({ first }) => first.writes },
  { name: 'first run: CPU, s', is: 'use', digits: 1, of: ({ first }) => first.cpuSeconds },
  { name: 'first run: CPU of API server and etcd, s', is: 'use', digits: 1, of: ({ first }) => first.serverCpuSeconds },
  { name: 'first run: peak RSS, MiB', is: 'use', digits: 0, of: ({ first }) => first.peakRssMiB },
  { name: 'churn: change to status p50, ms', is: 'span', digits: 1, of: (side) => side.churn.p50Millis },
  { name: 'churn: change to status p99, ms', is: 'span', digits: 1, of: (side) => side.churn.p99Millis },
  { name: 'churn: writes sent', is: 'use', digits: 0, of: (side) => side.churn.writes },
  { name: 'no-op passes/s', is: 'rate', digits: 0, of: (side) => side.noOps.perSecond },
  { name: 'idle: CPU, % of a core', is: 'use', digits: 2, of: (side) => side.podEvents.idleCpuPercent },
  { name: 'CPU for the event of a pod, µs', is: 'use', digits: 0, of: (side) => side.podEvents.cpuMicrosPerEvent },
  { name: 'restart: start to synced cache, s', is: 'span', digits: 2, of: (side) => side.restart.secondsToSynced },
  { name: 'restart: CPU until synced, s', is: 'use', digits: 1, of: (side) => side.restart.cpuSecondsToSynced },
  { name: 'restart: until all looked at, s', is: 'span', digits: 1, of: (side) => side.restart.seconds },
  { name: 'restart: CPU until all looked at, s', is: 'use', digits: 1, of: (side) => side.restart.cpuSeconds },
  { name: 'restart: writes sent', is: 'use', digits: 0, of: (side) => side.restart.writes },
  { name: 'restart: RSS with all pods, MiB', is: 'use', digits: 0, of: (side) => side.restart.rssMiB },
  { name: 'restart: peak RSS, MiB', is: 'use', digits: 0, of: (side) => side.restart.peakRssMiB },
];

/** A line with its numbers: medians of the rounds, and the median of the rounds' ratios. */
export interface Compared extends Row {
  readonly ours: number;
  readonly theirs: number;
  readonly ratio: number;
  readonly met: boolean;
}

/** Both sides of a report, line by line. A ratio of 1 is met on either kind of line. */
export function compare({ results }: Pick<RuntimeReport, 'results'>): readonly Compared[] {
  return rows.map((row) => {
    const ours = results.map((round) => row.of(round.ours));
    const theirs = results.map((round) => row.of(round.theirs));
    const ratios = ours.map((own, at) => {
      const other = theirs[at] ?? Number.NaN;
      return row.is === 'span' ? other / own : own / other;
    });
    const ratio = median(ratios);
    const met = row.is === 'use' ? ratio <= 1 : ratio >= 1;
    return { ...row, ours: median(ours), theirs: median(theirs), ratio, met };
  });
}

/** Two tables: the comparison, and our own targets with limit and derivation. */
export function table(report: RuntimeReport): string {
  const { objects, pods, rounds } = report;
  const yes = (met: boolean): string => (met ? 'yes' : 'no');
  const order = report.order.map((sides) => sides.join(' then ')).join('; ');
  return [
    `runtime: ${objects} objects and ${pods} pods, medians of ${rounds} rounds (${machineText(report)})\n`,
    `both with ${CONCURRENCY} passes at once; ours with NODE_OPTIONS=${NODE_OPTIONS}; order: ${order}\n`,
    aligned([
      ['', 'ours', 'theirs', 'ratio', 'goal', 'met'],
      ...compare(report).map(({ name, is, digits, ours, theirs, ratio, met }) => [
        name,
        ours.toFixed(digits),
        theirs.toFixed(digits),
        Number.isFinite(ratio) ? ratio.toFixed(2) : '–',
        is === 'use' ? '≤ 1' : '≥ 1',
        yes(met),
      ]),
    ]),
    '\ntargets of our runtime\n',
    aligned([
      ['', 'measured', 'limit', 'met', ''],
      ...judge(report).map(({ name, measured, bound, limit, digits, met, derivation }) => [
        name,
        measured.toFixed(digits),
        `${bound === 'least' ? '≥' : '≤'} ${limit}`,
        yes(met),
        derivation,
      ]),
    ]),
  ].join('');
}
