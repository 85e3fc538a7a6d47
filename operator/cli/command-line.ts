import { CommanderError } from 'commander';
import { CliError } from './cli-error.ts';
import { createProgram } from './program.ts';

/** Exit codes that all commands share; each command's help names those that it uses. */
const EXIT = { failed: 1, usage: 2, unreachable: 3 } as const;

/** Which exit code a known failure has; any other is 1. */
const exitCodes: Readonly<Record<string, number>> = {
  StoreOptions: EXIT.usage,
  ClusterConfigInvalid: EXIT.usage,
  CRDGEN_CRD_TEXT: EXIT.usage,
  StoreLocked: EXIT.unreachable,
  StoreUnreachable: EXIT.unreachable,
  StoreVersion: EXIT.unreachable,
  StoreRightsMissing: EXIT.unreachable,
  ConnectionLost: EXIT.unreachable,
  Timeout: EXIT.unreachable,
};

/** Runs one command line and answers its exit code; a failure is told on standard error in a sentence. */
export async function runCommandLine(args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const program = createProgram();
  // The launcher says by which name it was called; kubectl calls its plugins kubectl-NAME.
  if (env.GPUOPT_CALLED_AS?.startsWith('kubectl-')) program.name('kubectl gpuopt');
  try {
    await program.parseAsync([...args], { from: 'user' });
    return typeof process.exitCode === 'number' ? process.exitCode : 0;
  } catch (error) {
    // Commander has told it already; help and version leave with 0.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT.usage;
    process.stderr.write(`gpuopt: ${sentenceOf(error)}\n`);
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CliError) return error.exitCode;
  return exitCodes[codeOf(error)] ?? EXIT.failed;
}

/** A sentence for a person; the stack only for what nobody foresaw. */
function sentenceOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return codeOf(error) === '' ? (error.stack ?? error.message) : error.message;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
