import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { ClusterError } from '../cluster/cluster-error.ts';

/** The command line of a benchmark is wrong; the message names the option and what it takes. */
export class BenchUsageError extends Error {
  override readonly name = 'BenchUsageError';
  readonly code = 'BENCH_USAGE';
}

/** This machine has no cluster that can be measured. */
export class BenchImpossible extends Error {
  override readonly name = 'BenchImpossible';
  readonly code = 'BENCH_IMPOSSIBLE';
}

/** A numeric option: what it is unless given, and its bounds. */
export interface Bounds {
  readonly usual: number;
  readonly least: number;
  readonly most: number;
}

/** A benchmark on a cluster of its own; every option beside --json and --help is a whole number. */
export interface BenchCommand<Option extends string, Report> {
  readonly help: string;
  readonly options: Readonly<Record<Option, Bounds>>;
  readonly measure: (given: Readonly<Record<Option, number>>, signal: AbortSignal) => Promise<Report>;
  /** The report for people; with --json it is printed as it is. */
  readonly table: (report: Report) => string;
}

/** What every report says about where it was measured. */
export interface Machine {
  readonly cores: number;
  readonly node: string;
  readonly kubernetes: string;
}

/** This machine with a Kubernetes version. */
export function machineWith(kubernetes: string): Machine {
  return { cores: availableParallelism(), node: process.versions.node, kubernetes };
}

/** `2 cores, Node 24.1.0, Kubernetes v1.37.2`. */
export function machineText({ cores, node, kubernetes }: Machine): string {
  return `${cores} cores, Node ${node}, Kubernetes ${kubernetes}`;
}

/** Reads a whole number within bounds; throws BenchUsageError. */
function whole(option: string, value: string, { least, most }: Bounds): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new BenchUsageError(`--${option}: "${value}" is not valid; write a whole number from ${least} to ${most}`);
}

/** Runs a benchmark from the command line and prints what it found, as `runInterruptible` ends it. */
export async function runBench<Option extends string, Report>(command: BenchCommand<Option, Report>): Promise<void> {
  await runInterruptible(async (signal) => {
    const bounds = Object.entries<Bounds>(command.options);
    const { values } = parseArgs({
      options: {
        ...Object.fromEntries(bounds.map(([name, { usual }]) => [name, { type: 'string', default: String(usual) }])),
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(command.help);
      return;
    }
    const read = ([name, bound]: [string, Bounds]): [string, number] => [
      name,
      whole(name, String(Reflect.get(values, name)), bound),
    ];
    const given = Object.fromEntries(bounds.map(read)) as Record<Option, number>;
    const report = await command.measure(given, signal);
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : command.table(report));
  });
}

/**
 * Runs a main function and sets the exit code: 0, 1 for a failure, 2 for a wrong command line or a machine
 * that cannot, 130 after an interruption, which aborts the signal first and lets the work clean up.
 */
async function runInterruptible(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const interrupted = new AbortController();
  const stop = (): void => {
    process.stderr.write('interrupted; stopping what was started\n');
    interrupted.abort(new Error('interrupted'));
  };
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, stop);
  try {
    await main(interrupted.signal);
  } catch (error) {
    process.exitCode = interrupted.signal.aborted ? 130 : exitCodeOf(error);
    if (!interrupted.signal.aborted) process.stderr.write(`error: ${textOf(error)}\n`);
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  }
}

function exitCodeOf(error: unknown): number {
  return isExpected(error) ? 2 : 1;
}

function isExpected(error: unknown): error is Error {
  if (error instanceof BenchUsageError || error instanceof BenchImpossible) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

function textOf(error: unknown): string {
  if (isExpected(error) || error instanceof ClusterError) return error.message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
