import { CsvError, parse } from 'csv-parse/sync';
import {
  type Demand,
  type GpuDemand,
  MILLI_PER_GPU,
  type NodeConstraint,
  type NodeFacts,
  WHOLE_GPU,
} from '../planner/index.ts';
import { TraceError } from './errors.ts';

/** Columns of an openb node list; others are ignored. */
const NODE_FIELDS = ['sn', 'cpu_milli', 'memory_mib', 'gpu', 'model'] as const;
/** Columns every openb pod list has; `gpu_spec` and the times are optional (the multigpu lists lack them). */
const POD_FIELDS = ['name', 'cpu_milli', 'memory_mib', 'num_gpu', 'gpu_milli'] as const;

/** One pod of a trace. */
export interface TracePod extends Demand {
  readonly name: string;
  readonly where?: NodeConstraint;
  /** Seconds since the trace began, where the list has them. */
  readonly createdSeconds?: number;
  readonly deletedSeconds?: number;
}

interface Row {
  readonly file: string;
  readonly line: number;
  readonly values: Readonly<Record<string, string>>;
}

/** Reads an openb node list. `file` is only named in errors. */
export function parseOpenbNodes(text: string, file: string): NodeFacts[] {
  const rows = rowsOf(text, file, NODE_FIELDS);
  requireUnique(rows, 'sn');
  return rows.map((row) => ({
    name: filled(row, 'sn'),
    model: row.values.model ?? '',
    cpuMilli: whole(row, 'cpu_milli'),
    memoryMiB: whole(row, 'memory_mib'),
    gpus: { count: whole(row, 'gpu', 64), resource: WHOLE_GPU, replicas: 1 },
    resources: [],
    labels: {},
    taints: [],
    schedulable: true,
  }));
}

/** Reads an openb pod list. `file` is only named in errors. */
export function parseOpenbPods(text: string, file: string): TracePod[] {
  const rows = rowsOf(text, file, POD_FIELDS);
  requireUnique(rows, 'name');
  return rows.map((row) => {
    const models = (row.values.gpu_spec ?? '').split('|').filter((model) => model !== '');
    return {
      name: filled(row, 'name'),
      cpuMilli: whole(row, 'cpu_milli'),
      memoryMiB: whole(row, 'memory_mib'),
      gpus: gpusOf(row),
      where: models.length === 0 ? undefined : { models },
      createdSeconds: optionalWhole(row, 'creation_time'),
      deletedSeconds: optionalWhole(row, 'deletion_time'),
    };
  });
}

function gpusOf(row: Row): readonly GpuDemand[] {
  const count = whole(row, 'num_gpu', 64);
  const milli = whole(row, 'gpu_milli', MILLI_PER_GPU);
  if (count === 0) return [];
  if (milli === MILLI_PER_GPU) return [{ kind: 'devices', resource: WHOLE_GPU, count }];
  if (count === 1 && milli > 0) return [{ kind: 'share', milli }];
  throw problem(
    row,
    'gpu_milli',
    `with num_gpu ${count}`,
    'write 1000 for whole GPUs, or 1 to 999 with num_gpu 1 for a share',
  );
}

function rowsOf(text: string, file: string, required: readonly string[]): Row[] {
  const parsed = parseCsv(text, file);
  const header = parsed[0];
  if (header === undefined)
    throw new TraceError({ file, line: 1, field: 'header' }, 'the file is empty', needs(required));
  for (const field of required) {
    if (header.cells.includes(field)) continue;
    throw new TraceError({ file, line: header.line, field }, 'the column is missing from the header', needs(required));
  }
  const rows = parsed.slice(1).map(({ line, cells }) => {
    if (cells.length !== header.cells.length) {
      const found = `the line has ${cells.length} values and the header ${header.cells.length} columns`;
      throw new TraceError({ file, line, field: 'line' }, found, 'write one value, possibly empty, for every column');
    }
    return { file, line, values: Object.fromEntries(header.cells.map((name, at) => [name, cells[at] ?? ''])) };
  });
  if (rows.length === 0) {
    throw new TraceError(
      { file, line: header.line + 1, field: 'line' },
      'the file has a header only',
      'add one line each',
    );
  }
  return rows;
}

function needs(required: readonly string[]): string {
  return `the first line must name the columns ${required.join(',')}`;
}

function parseCsv(text: string, file: string): { line: number; cells: string[] }[] {
  try {
    const lines: number[] = [];
    const records: string[][] = parse(text, {
      bom: true,
      relax_column_count: true,
      skip_empty_lines: true,
      trim: true,
      on_record: (record: string[], { lines: line }) => {
        lines.push(line);
        return record;
      },
    });
    return records.map((cells, at) => ({ line: lines[at] ?? at + 1, cells }));
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const line = typeof cause.lines === 'number' ? cause.lines : 1;
    throw new TraceError({ file, line, field: 'line' }, cause.message, 'write it as comma-separated values', cause);
  }
}

function requireUnique(rows: readonly Row[], field: string): void {
  const seen = new Map<string, number>();
  for (const row of rows) {
    const value = row.values[field] ?? '';
    const earlier = seen.get(value);
    if (earlier !== undefined) throw problem(row, field, `already on line ${earlier}`, 'give every line its own');
    seen.set(value, row.line);
  }
}

function filled(row: Row, field: string): string {
  const value = row.values[field] ?? '';
  if (value === '') throw problem(row, field, 'must not be empty', 'write a name');
  return value;
}

function whole(row: Row, field: string, max = Number.MAX_SAFE_INTEGER): number {
  const value = row.values[field] ?? '';
  const number = Number(value);
  if (/^\d+$/.test(value) && number <= max) return number;
  const range = max === Number.MAX_SAFE_INTEGER ? '0 or more' : `0 to ${max}`;
  throw problem(row, field, 'is not a whole number in range', `write a whole number, ${range}`);
}

function optionalWhole(row: Row, field: string): number | undefined {
  const value = row.values[field];
  return value === undefined || value === '' ? undefined : whole(row, field);
}

function problem(row: Row, field: string, what: string, remedy: string): TraceError {
  const value = row.values[field] ?? '';
  return new TraceError({ file: row.file, line: row.line, field }, `"${value}" ${what}`, remedy);
}
