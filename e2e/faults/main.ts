/** `make faults-runtime`: breaks every write and every watch of the operator, and judges what is left. */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { down } from '../cluster/lifecycle.ts';
import { progressTo } from '../cluster/progress.ts';
import { stateFolder } from '../cluster/state.ts';
import { gpuTrial } from './gpu-trial.ts';
import { openHarness } from './harness.ts';
import { choice } from './plan/choose.ts';
import { selfTest } from './planted/self-test.ts';
import { describeFaults, describeReport, describeSelfTest } from './report.ts';
import { Checker, type Report } from './run/run.ts';

const HELP = `Injects faults into every write and every watch of the operator and compares the end with clean runs.

Usage: node e2e/faults/main.ts [--seed N] [--only PATTERN] [--plan ID] [--budget MINUTES] [--json]

  --seed N           order of the plans; the same seed gives the same order. Default 1
  --only PATTERN     plans whose identifier matches this regular expression, for example "tenant/kill"
  --plan ID          one plan, for example tenant/kill-after/3; what a violation prints as its replay
  --sample N         at most N plans of each fault and workload
  --budget MINUTES   begin no batch of plans after this time. Default 45
  --silence SECONDS  length of the windows in which nothing may be written. Default 10
  --list             print the plans and run none
  --self-test        try the checker on programs with planted mistakes instead: it must catch each;
                     --only chooses among the programs then
  --json             print one JSON object and nothing else on standard output

Example: make faults-runtime ARGS='--only "pods/kill" --json'

Faults by the middle part of a plan's identifier:
${describeFaults()}

A cluster of its own is started and stopped again. The clean runs come first; what they wrote is what is broken.

Exit codes: 0 no violation; 1 violations; 2 usage, or the checker itself could not run.
`;

/** Plans of each fault that the sound program must pass in a self-test. */
const SOUND_SAMPLE = 4;

class UsageError extends Error {}

const { values } = options();

function options() {
  return parseArgs({
    options: {
      seed: { type: 'string', default: '1' },
      only: { type: 'string' },
      plan: { type: 'string' },
      sample: { type: 'string' },
      budget: { type: 'string', default: '45' },
      silence: { type: 'string', default: '10' },
      list: { type: 'boolean', default: false },
      'self-test': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
}

function whole(name: string, text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new UsageError(`--${name}: "${text}" is not valid; write a whole number, for example --${name} 10`);
}

function sampleOf(): number | undefined {
  return values.sample === undefined ? undefined : whole('sample', values.sample);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

async function check(cluster: Cluster): Promise<Report | undefined> {
  const seed = whole('seed', values.seed);
  const until = Date.now() + whole('budget', values.budget) * 60_000;
  const trial = await gpuTrial(cluster);
  const harness = await openHarness(cluster, 'gpu', trial);
  onInterrupt(() => harness.close());
  try {
    const checker = new Checker(harness, trial);
    say('clean runs');
    const traces = await checker.learn();
    const choose = choice({ seed, only: values.only, plan: values.plan, sample: sampleOf() });
    return await checker.run(traces, {
      choose: (plans) => {
        const chosen = choose(plans);
        if (!values.list) return chosen;
        for (const { id, injection } of chosen) process.stdout.write(`${id}\t${JSON.stringify(injection)}\n`);
        return [];
      },
      silenceMillis: whole('silence', values.silence) * 1000,
      until,
      replay: ({ id }) => `make faults-runtime ARGS="--seed ${seed} --plan ${id}"`,
      say,
    });
  } finally {
    await harness.close();
  }
}

async function provesItself(cluster: Cluster): Promise<number> {
  const pattern = values.only === undefined ? undefined : new RegExp(values.only);
  const programs = (program: string): boolean => pattern?.test(program) ?? true;
  const outcome = await selfTest(cluster, { programs, sample: sampleOf() ?? SOUND_SAMPLE, say });
  process.stdout.write(values.json ? `${JSON.stringify(outcome)}\n` : describeSelfTest(outcome));
  return outcome.missed.length > 0 ? 1 : 0;
}

/** What an interruption ends before the cluster goes. */
const endings: (() => Promise<void>)[] = [];

function onInterrupt(end: () => Promise<void>): void {
  endings.push(end);
}

function endWhenInterrupted(stateDir: string): void {
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, async () => {
      process.stderr.write('interrupted; stopping what was started\n');
      // What is under way fails for want of what is being stopped.
      process.on('unhandledRejection', () => undefined);
      for (const end of endings) await end();
      await down(stateDir, progressTo(process.stderr));
      process.exit(130);
    });
  }
}

async function main(): Promise<number> {
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const stateDir = resolve(stateFolder(), '../faults/cluster');
  const progress = progressTo(process.stderr);
  endWhenInterrupted(stateDir);
  // What a run that was killed has left is not a fresh cluster.
  await down(stateDir, progress);
  try {
    const cluster = await acquireCluster({ stateDir, realNode: false, progress });
    if (values['self-test']) return await provesItself(cluster);
    const report = await check(cluster);
    if (report === undefined || values.list) return 0;
    process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : describeReport(report));
    return report.violations.length > 0 ? 1 : 0;
  } finally {
    await down(stateDir, progress);
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(
    `error: ${error instanceof UsageError ? error.message : error instanceof Error ? error.stack : error}\n`,
  );
  process.exitCode = 2;
}
