import { Command } from 'commander';
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

/** The command line. Each command loads what it needs only when it is called. */
export function createProgram(): Command {
  const program = new Command('gpuopt')
    .description('GPU Optimizer: a well-run GPU cloud on Kubernetes, declared in YAML')
    .showHelpAfterError('(add --help for the options)')
    .addHelpText('after', example);
  registerRun(program);
  registerWhy(program, {
    connect: connectForCommand,
    now: () => new Date(),
    stdout: (text) => process.stdout.write(text),
    stderr: (text) => process.stderr.write(text),
    exit: (code) => {
      process.exitCode = code;
    },
  });
  registerSimulate(program);
  registerDoctor(program);
  registerValidate(program);
  return program;
}
