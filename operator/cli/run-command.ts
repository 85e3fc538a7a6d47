import type { Command } from 'commander';
import { type Settings, withRunOptions } from './settings.ts';

const example = `
Examples:
  $ gpuopt run --data-dir ./data                                        one process with the embedded database
  $ gpuopt run --database-url postgres://gpuopt@db/gpuopt --prometheus-url http://prometheus:9090

Exit codes: 0 stopped by SIGTERM or SIGINT; 1 lease lost or a part failed; 2 wrong use; 3 database or API server unreachable.`;

/** Adds `run`: the operator itself. */
export function registerRun(program: Command): void {
  withRunOptions(program.command('run').description('run the operator until SIGTERM'))
    .addHelpText('after', example)
    .action(async (options: Settings) => {
      const { runOperator } = await import('../main.ts');
      process.exitCode = await runOperator(options);
    });
}
