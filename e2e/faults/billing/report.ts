import type { CellResult } from './matrix.ts';
import type { StormResult } from './storm.ts';

/** What a run found; `--json` prints it. */
export interface Report {
  readonly seed: number;
  /** Cells with our sender that ran, and those that were left out when the time was over. */
  readonly cells: readonly CellResult[];
  readonly left: readonly string[];
  /** Cells with the sender that has the identifier only, or no mark: shown beside ours, never a violation of ours. */
  readonly naive: readonly CellResult[];
  readonly random: readonly CellResult[];
  readonly storm?: StormResult;
  /** GPU-seconds missing and too many in all cells of ours. */
  readonly lost: string;
  readonly surplus: string;
  readonly violations: readonly { readonly cell: string; readonly what: string; readonly replay: string }[];
}

/** A cell as a line: what was true, what was billed, what the outbox says. */
export function describeCell(result: CellResult): string {
  const { id, truth, billed, lost, surplus, doubled, states, seconds, violations } = result;
  const wrong = lost === '0' && surplus === '0' && doubled === 0 ? 'FAILED' : `LOST ${lost}, SURPLUS ${surplus}`;
  const verdict = violations.length === 0 ? 'exact' : `${wrong}, counted twice ${doubled}: ${violations[0]}`;
  const rows = Object.entries(states)
    .map(([state, count]) => `${state} ${count}`)
    .join(', ');
  const sums = `true ${truth.padStart(8)}  billed ${billed.padStart(8)}`;
  return `${id.padEnd(30)} ${sums}  ${verdict}  [${rows}]  ${seconds} s`;
}

/** The report in words; its last line is the JSON object that `--json` prints alone. */
export function describeReport(report: Report): string {
  const { cells, left, naive, random, storm, lost, surplus, violations } = report;
  const failed = naive.filter(({ surplus: more, lost: less }) => more !== '0' || less !== '0');
  const lines = [
    '',
    `cells ${cells.length}, left out ${left.length}; worlds with random kills ${random.length}`,
    ...(storm === undefined
      ? []
      : [`storm: ${storm.events} events in ${storm.calls} calls, ${storm.broken} broken, ${storm.kills} kills`]),
    `senders that have the identifier only, or no mark, billed wrongly in ${failed.length} of ${naive.length} cells: ${failed.map(({ id }) => id).join(', ')}`,
    `lost ${lost} GPU-s, surplus ${surplus} GPU-s, violations ${violations.length}`,
    ...violations.map(({ cell, what, replay }) => `  ${cell}: ${what}\n    ${replay}`),
    JSON.stringify(report),
  ];
  return `${lines.join('\n')}\n`;
}
