import type { PoolDefragmentation } from '../../api/index.ts';
import type { MovingPool } from './observe.ts';

/** What the command prints with --json. */
export interface DefragAnswer extends PoolDefragmentation {
  readonly pool: string;
  /** What the pool says: Off also where it says nothing. */
  readonly mode: MovingPool['rules']['mode'];
  /** How many pods stay, by why. */
  readonly kept: Readonly<Record<string, number>>;
}

/** An answer as text: a table of moves, what they gain and cost, and why other pods stay. */
export function renderMoves({ pool, mode, message, proposed, moves, kept }: DefragAnswer): string {
  const lines = [`GPUPool ${pool} (mode ${mode}): ${message}`];
  if (proposed.length > 0) {
    const rows = proposed.map(({ pod, from, to, waiting, podMinutes }) => [pod, from, to, `${podMinutes}`, waiting]);
    lines.push('', ...table([['POD', 'FROM', 'TO', 'MINUTES', 'FOR'], ...rows]));
  }
  if (moves.length > 0) {
    const rows = moves.map(({ pod, from, to, startTime, waiting }) => [pod, from, to, startTime, waiting]);
    lines.push('', 'Moved within the last hour:', ...table([['POD', 'FROM', 'TO', 'SINCE', 'FOR'], ...rows]));
  }
  if (Object.keys(kept).length > 0) {
    lines.push('', 'Pods that stay:');
    for (const [why, count] of Object.entries(kept)) lines.push(`  ${count}  ${why}`);
  }
  return `${lines.join('\n')}\n`;
}

function table(rows: readonly (readonly string[])[]): readonly string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
