/** How the peers read their command lines: what is wrong with one is a sentence and the help, never a stack trace. */
import { type ParseArgsOptionsConfig, parseArgs } from 'node:util';

type Values<O extends ParseArgsOptionsConfig> = ReturnType<typeof parseArgs<{ options: O }>>['values'];

/**
 * The values of the options in `process.argv`. Prints the help where `--help` is among them and ends the process with 0; with
 * 2 where an option is unknown or lacks its value.
 */
export function readOptions<const O extends ParseArgsOptionsConfig>(options: O, help: string): Values<O> {
  if (process.argv.slice(2).includes('--help')) {
    process.stdout.write(help);
    process.exit(0);
  }
  try {
    return parseArgs<{ options: O }>({ options }).values;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!(error instanceof Error) || !code.startsWith('ERR_PARSE_ARGS')) throw error;
    process.stderr.write(`${error.message}\n\n${help}`);
    process.exit(2);
  }
}
