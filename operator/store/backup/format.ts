import { createHash } from 'node:crypto';

/**
 * A backup is lines of JSON: a header, a line for each row, and a manifest that says what must have been read by then.
 * Rows are written and read by the database, never parsed here: JavaScript's numbers hold neither money nor times in full.
 */
export const backupFormat = 'gpuopt-backup/1';

/** The first line. */
export interface BackupHeader {
  readonly format: typeof backupFormat;
  /** RFC 3339. */
  readonly takenAt: string;
  /** Migrations of the schema that the rows are of. */
  readonly schema: readonly string[];
}

/** What of one table is in a backup. */
export interface TableSum {
  readonly rows: number;
  /** SHA-256 over its lines. */
  readonly sha256: string;
}

/** The last line. */
export interface BackupManifest {
  readonly tables: Readonly<Record<string, TableSum>>;
  /** The last hash of each tenant's chain of usage. */
  readonly chainHeads: Readonly<Record<string, string>>;
  /** SHA-256 over every line before this one. */
  readonly sha256: string;
}

/** A row as a line, without the line's end; `json` is the database's text of it. */
export function rowLine(table: string, json: string): string {
  return `${rowStart}${table}${rowMiddle}${json}}`;
}

/** The table and the row's text of such a line; undefined for any other line. */
export function readRowLine(line: string): { readonly table: string; readonly json: string } | undefined {
  const middle = line.indexOf(rowMiddle);
  if (!line.startsWith(rowStart) || middle < 0 || !line.endsWith('}')) return undefined;
  return { table: line.slice(rowStart.length, middle), json: line.slice(middle + rowMiddle.length, -1) };
}

const rowStart = '{"table":"';
const rowMiddle = '","row":';

/** Adds up lines, by table and as a whole. */
export interface Summing {
  add(line: string, table?: string): void;
  tables(): Readonly<Record<string, TableSum>>;
  sha256(): string;
}

/** An empty sum. */
export function createSumming(): Summing {
  const whole = createHash('sha256');
  const parts = new Map<string, { rows: number; readonly hash: ReturnType<typeof createHash> }>();
  return {
    add: (line, table) => {
      whole.update(line).update('\n');
      if (table === undefined) return;
      const part = parts.get(table) ?? { rows: 0, hash: createHash('sha256') };
      part.rows += 1;
      part.hash.update(line).update('\n');
      parts.set(table, part);
    },
    tables: () =>
      Object.fromEntries(
        [...parts].map(([name, { rows, hash }]) => [name, { rows, sha256: hash.copy().digest('hex') }]),
      ),
    sha256: () => whole.copy().digest('hex'),
  };
}
