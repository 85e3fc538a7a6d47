/** Entry of the command `gpuopt`, from a checkout and from the image alike. */
import { basename } from 'node:path';
import { CliError } from './cli-error.ts';
import { createProgram } from './program.ts';

const program = createProgram();
if (basename(process.argv[1] ?? '').startsWith('kubectl-')) program.name('kubectl gpuopt');
try {
  await program.parseAsync();
} catch (error) {
  // A sentence for a person; the stack only for what nobody foresaw.
  const known = error instanceof CliError || (error instanceof Error && 'code' in error);
  process.stderr.write(`gpuopt: ${error instanceof Error ? (known ? error.message : error.stack) : String(error)}\n`);
  process.exitCode = error instanceof CliError ? error.exitCode : isUnreachable(error) ? 3 : 1;
}

/** The database is held by another process or does not answer. */
function isUnreachable(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'StoreLocked' || code === 'StoreUnreachable';
}
