import { readFileSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { registerBill, registerRevenue, registerUsage } from '../billing/index.ts';
import { registerJob } from '../growth/index.ts';
import { createLogger, systemClock } from '../observability/index.ts';
import {
  type PlanIo,
  registerClusterSimulations,
  registerGates,
  registerPools,
  registerSimulate,
  registerWhy,
} from '../scheduling/index.ts';
import { connectForCommand } from './connection.ts';
import { registerCrd } from './crd-command.ts';
import { registerDoctor } from './doctor-command.ts';
import { registerRun } from './run-command.ts';
import { registerStore } from './store-command.ts';
import { registerValidate } from './validate-command.ts';
import { versionText } from './version.ts';

const example = `
Examples:
  $ gpuopt run --data-dir ./data               run the operator against the current context
  $ gpuopt why pod/train-0 -n acme-train       why a pod waits, and the smallest change that lets it run
  $ gpuopt usage show --tenant acme            what a tenant used and what it costs
  $ gpuopt doctor                              what is missing, and what to do about it

Exit codes: 0 good, 2 wrong use, 3 something cannot be reached; the help of each command names the others.`;

/** Examples of the commands that only hold others. */
const groupExamples: Readonly<Record<string, string>> = {
  job: 'gpuopt job growth --help                    a campaign pod runs it; its CronJob gives the arguments',
  gates: 'gpuopt gates release --all --dry-run        which waiting pods would be released without a plan',
  usage: 'gpuopt usage show --tenant acme             what a tenant used and what it costs',
  bill: 'gpuopt bill preview --tenant acme           what a tenant will be charged for the current period',
  revenue: 'gpuopt revenue show --month 2026-01         what usage brought, and how it follows from the month before',
  store: 'gpuopt store backup --data-dir ./data --to backup.ndjson   every row in a file with checksums',
  pools: 'gpuopt pools map                            nodes and their GPUs, and whose they are',
  simulate:
    'gpuopt simulate submit -f job.yaml           what would become of a job\n  $ gpuopt simulate schedule --nodes openb_node_list_gpu_node.csv --pods openb_pod_list_default.csv --policy fgd',
};

const stdout = (text: string): void => {
  process.stdout.write(text);
};
const stderr = (text: string): void => {
  process.stderr.write(text);
};
const exit = (code: number): void => {
  process.exitCode = code;
};

const planIo: PlanIo = {
  connect: connectForCommand,
  readFile: (path) => readFileSync(path, 'utf8'),
  writeFile: (path, text) => writeFileSync(path, text),
  now: () => new Date(),
  stdout,
  stderr,
  exit,
  colour: process.stdout.isTTY === true && process.env.NO_COLOR === undefined,
};

/** The command line; rejects with CommanderError instead of ending the process. Each command loads what it needs only when it is called. */
export function createProgram(): Command {
  const program = new Command('gpuopt')
    .description('GPU Optimizer: a well-run GPU cloud on Kubernetes, declared in YAML')
    .version(versionText(), '-V, --version', 'print the version')
    .showHelpAfterError('(add --help for the options)')
    .exitOverride()
    .addHelpText('after', example);
  registerRun(program);
  registerJob(program);
  registerWhy(program, { connect: connectForCommand, now: () => new Date(), stdout, stderr, exit });
  const log = createLogger({ level: 'warn', destination: 2 });
  const ledgerIo = { clock: systemClock, log, out: stdout, err: stderr, exit, env: process.env };
  registerUsage(program, ledgerIo);
  registerBill(program, ledgerIo);
  registerRevenue(program, ledgerIo);
  registerClusterSimulations(registerSimulate(program), planIo);
  registerPools(program, planIo);
  registerGates(program, { connect: connectForCommand, stdout, stderr, exit });
  registerStore(program);
  registerDoctor(program);
  registerValidate(program);
  registerCrd(program);
  for (const command of program.commands) {
    const group = groupExamples[command.name()];
    if (group !== undefined) command.addHelpText('after', `\nExample:\n  $ ${group}`);
  }
  return program;
}
