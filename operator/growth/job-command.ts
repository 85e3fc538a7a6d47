import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError } from 'commander';
import { createLogger, systemClock } from '../observability/index.ts';
import { smtpMailer } from './mail/smtp.ts';
import { configHash, mounts, type RunConfig } from './run/config.ts';
import { remoteRunStore } from './run/remote.ts';
import { type RunReport, walkRun } from './run/walk.ts';
import { exitCodes } from './steps/exit.ts';

interface JobOptions {
  readonly campaign: { readonly namespace: string; readonly name: string };
  readonly uid: string;
  readonly configHash: string;
  readonly jobUid?: string;
  readonly api?: string;
  readonly tokenFile: string;
  readonly mounts: string;
  readonly terminationLog: string;
  readonly json?: boolean;
}

/** Names of the environment variables that the CronJob sets. */
export const jobEnvironment = {
  config: 'GPUOPT_GROWTH_CONFIG',
  jobUid: 'GPUOPT_JOB_UID',
  api: 'GPUOPT_JOB_API',
} as const;

const example = `
Example (what the CronJob of a campaign runs):
  $ gpuopt job growth --campaign growth/trial-idle --uid 1f0c… --config-hash 9f2c… --job-uid 77ab… --api http://gpuopt-jobs.gpuopt-system:8082

Exit codes: 0 done, or done before; 10 try again; 20 a Secret, template or setting is wrong; 30 a breaker ended the run.`;

/** Adds `job growth` to the program: the run of one campaign, which its CronJob starts in a pod. */
export function registerJob(program: Command): void {
  const job =
    program.commands.find((command) => command.name() === 'job') ??
    program.command('job').description('run the work of a CronJob that the operator made');
  job
    .command('growth')
    .description('run a GrowthCampaign for the period of its Job')
    .requiredOption('--campaign <namespace/name>', 'the campaign', campaignKey)
    .requiredOption('--uid <uid>', 'uid of the campaign')
    .requiredOption('--config-hash <hash>', `hash of the settings in ${jobEnvironment.config}`)
    .option('--job-uid <uid>', `uid of the Job (default: ${jobEnvironment.jobUid})`)
    .option('--api <url>', `where the operator answers run pods (default: ${jobEnvironment.api})`)
    .option('--token-file <file>', 'token for the operator', `${mounts.root}/${mounts.token}`)
    .option('--mounts <folder>', 'folder with the mounted inputs', mounts.root)
    .option('--termination-log <file>', 'where the result goes besides standard output', '/dev/termination-log')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', example)
    .action(async (options: JobOptions) => {
      process.exitCode = await runJob(options, process.env);
    });
}

function campaignKey(value: string): JobOptions['campaign'] {
  const [namespace, name, ...rest] = value.split('/');
  if (!namespace || !name || rest.length > 0) {
    throw new InvalidArgumentError('give it as namespace/name, for example growth/trial-idle');
  }
  return { namespace, name };
}

async function runJob(options: JobOptions, environment: NodeJS.ProcessEnv): Promise<number> {
  const jobUid = options.jobUid ?? environment[jobEnvironment.jobUid];
  const url = options.api ?? environment[jobEnvironment.api];
  const config = readConfig(environment[jobEnvironment.config], options);
  if (typeof config === 'string' || !jobUid || !url) {
    const message = typeof config === 'string' ? config : 'both --job-uid and --api are needed';
    const report: RunReport = {
      v: 1,
      outcome: 'Failed',
      exit: exitCodes.config,
      configHash: options.configHash,
      counts: {},
      firstError: { code: 'BadJob', message },
    };
    return await tell(options, report);
  }
  const stop = new AbortController();
  const onSignal = (): void => stop.abort(new Error('told to stop'));
  process.once('SIGTERM', onSignal);
  process.once('SIGINT', onSignal);
  const report = await walkRun({
    config,
    configHash: options.configHash,
    jobUid,
    claimant: randomUUID(),
    store: remoteRunStore({ url, tokenFile: options.tokenFile, clock: systemClock }),
    clock: systemClock,
    log: createLogger({ destination: 2 }),
    mountRoot: options.mounts,
    openMailer: smtpMailer,
    signal: stop.signal,
  });
  process.off('SIGTERM', onSignal);
  process.off('SIGINT', onSignal);
  return await tell(options, report);
}

/** The settings that the Job was made with, or what is wrong with them. */
function readConfig(text: string | undefined, options: JobOptions): RunConfig | string {
  if (!text) return `the environment variable ${jobEnvironment.config} is empty`;
  const config = JSON.parse(text) as RunConfig;
  if (configHash(config) !== options.configHash) return `--config-hash does not fit ${jobEnvironment.config}`;
  const { namespace, name } = options.campaign;
  if (config.namespace !== namespace || config.campaign !== name || config.uid !== options.uid) {
    return `--campaign and --uid do not fit ${jobEnvironment.config}`;
  }
  return config;
}

const terminationBytes = 4_096;

async function tell(options: JobOptions, report: RunReport): Promise<number> {
  const text = JSON.stringify(report);
  console.log(options.json ? text : sentence(report));
  const bounded = Buffer.byteLength(text) <= terminationBytes ? text : JSON.stringify({ ...report, counts: {} });
  try {
    await writeFile(options.terminationLog, bounded.slice(0, terminationBytes), { flag: 'r+' });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    // Only a container has this file; elsewhere standard output has told it.
    createLogger({ destination: 2 }).debug({ reason: error.message }, 'no termination message was written');
  }
  return report.exit;
}

function sentence(report: RunReport): string {
  const counts = Object.entries(report.counts).map(([name, count]) => `${name} ${count}`);
  const parts = [report.outcome, report.period && `period ${report.period}`, ...counts];
  const error = report.firstError && `${report.firstError.code}: ${report.firstError.message}`;
  return [...parts, error].filter((part) => part).join(', ');
}
