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

/** Reads a whole number within bounds; throws BenchUsageError. */
export function whole(option: string, value: string, least: number, most: number): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number >= least && number <= most) return number;
  throw new BenchUsageError(`${option}: "${value}" is not valid; write a whole number from ${least} to ${most}`);
}

/**
 * Runs a benchmark's main function and sets the exit code: 0, 1 for a failure, 2 for a wrong command line or a machine
 * that cannot, 130 after an interruption, which aborts the signal first and lets the work clean up.
 */
export async function runBench(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
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
