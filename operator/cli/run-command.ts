import type { Command } from 'commander';
import { type Settings, withRunOptions } from './settings.ts';

const example = `
Examples:
  $ gpuopt run --data-dir ./data                                        one process with the embedded database
  $ gpuopt run --database-url postgres://gpuopt@db/gpuopt --prometheus-url http://prometheus:9090

An API server that does not answer is waited for: /readyz says so, and the operator goes on when it is back.
Replicas need PostgreSQL: one leads, the others stand by and answer the usage and campaign APIs.

Exit codes: 0 stopped by SIGTERM or SIGINT; 1 lease lost or a part failed; 2 wrong use, or an address is taken;
3 the database does not answer or another process holds its folder.`;

/** Adds `run`: the operator itself. */
export function registerRun(program: Command): void {
  withRunOptions(program.command('run').description('run the operator until SIGTERM'))
    .addHelpText('after', example)
    .action(async (options: Settings) => {
      const { runOperator } = await import('../main.ts');
      process.exitCode = await runOperator(options);
    });
}
