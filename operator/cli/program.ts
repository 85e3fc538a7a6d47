import { Command } from 'commander';
import { registerUsage } from '../billing/index.ts';
import { registerJob } from '../growth/index.ts';
import { createLogger, systemClock } from '../observability/index.ts';
import { registerSimulate, registerWhy } from '../scheduling/index.ts';
import { connectForCommand } from './connection.ts';
import { registerDoctor } from './doctor-command.ts';
import { registerRun } from './run-command.ts';
import { registerValidate } from './validate-command.ts';

const example = `
Examples:
  $ gpuopt run --data-dir ./data               run the operator against the current context
  $ gpuopt why pod/train-0 -n acme-train       why a pod waits, and the smallest change that lets it run
  $ gpuopt usage show --tenant acme            what a tenant used and what it costs
  $ gpuopt doctor                              what is missing, and what to do about it`;

const stdout = (text: string): void => {
  process.stdout.write(text);
};
const stderr = (text: string): void => {
  process.stderr.write(text);
};
const exit = (code: number): void => {
  process.exitCode = code;
};

/** The command line. Each command loads what it needs only when it is called. */
export function createProgram(): Command {
  const program = new Command('gpuopt')
    .description('GPU Optimizer: a well-run GPU cloud on Kubernetes, declared in YAML')
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', example);
  registerRun(program);
  registerJob(program);
  registerWhy(program, { connect: connectForCommand, now: () => new Date(), stdout, stderr, exit });
  registerUsage(program, {
    clock: systemClock,
    log: createLogger({ level: 'warn', destination: 2 }),
    out: stdout,
    err: stderr,
    exit,
    env: process.env,
  });
  registerSimulate(program);
  registerDoctor(program);
  registerValidate(program);
  return program;
}
