import { kinds } from '../../operator/api/index.ts';
import type { StepResult } from './context.ts';
import type { ClusterFacts, Usage } from './facts.ts';
import { counted } from './words.ts';

/** Everything that was seen at the end of the demo; the report and the verdict are computed from it alone. */
export interface DemoFacts {
  readonly cluster: ClusterFacts;
  /** Established CRDs of ours. */
  readonly crds: readonly string[];
  readonly operator: { readonly mode: 'pod' | 'process'; readonly log: string; readonly leaseHolder: string };
  /** GPUs of the fleet as generated. */
  readonly fleetGpus: number;
  /** Pods that the workload left idle. */
  readonly idlePods: number;
  readonly usage: readonly Usage[];
  /** What the Stripe peer counts: quantity by customer and event name. */
  readonly stripe: readonly { readonly customer: string; readonly eventName: string; readonly value: string }[];
  readonly customers: Readonly<Record<string, string>>;
  readonly telemetry: { readonly status: string; readonly message: string };
  readonly mails: { readonly sent: number; readonly recipients: number; readonly expected: number };
  /** Why no pod can truly run, where that is so. */
  readonly noRealNode?: string;
  /** Commands of `gpuopt` that were run, with their exit codes. */
  readonly commands: readonly { readonly command: string; readonly code: number }[];
}

const KINDS = Object.keys(kinds).length;

/** The verdict on each of the ten steps of the thread. */
export function judge(facts: DemoFacts): readonly StepResult[] {
  return [
    step('custom resources', facts.crds.length === KINDS, `${facts.crds.length} of ${KINDS} kinds established`),
    step(
      'install',
      facts.operator.leaseHolder !== '',
      facts.operator.mode === 'pod'
        ? 'config/default; the operator runs as a pod of the real node'
        : `config/default without its Deployment; the operator runs as a process of this machine: ${facts.noRealNode ?? ''}`,
    ),
    step('runtime', facts.operator.leaseHolder !== '', `${facts.operator.leaseHolder || 'nobody'} holds the lease`),
    pools(facts),
    scheduling(facts),
    metering(facts),
    billing(facts),
    tuning(facts),
    growth(facts),
    commands(facts),
  ];
}

function step(name: string, happened: boolean, detail: string): StepResult {
  return { step: name, result: happened ? 'happened' : 'failed', detail };
}

function pools({ cluster, fleetGpus }: DemoFacts): StepResult {
  const gpus = cluster.pools.reduce((sum, pool) => sum + (pool.status?.capacity?.gpus ?? 0), 0);
  const ready = cluster.pools.every((pool) =>
    pool.status?.conditions?.some((c) => c.type === 'Ready' && c.status === 'True'),
  );
  return step(
    'pools',
    ready && gpus === fleetGpus,
    `${counted(cluster.pools.length, 'pool')} count ${gpus} of ${fleetGpus} GPUs`,
  );
}

function scheduling({ cluster }: DemoFacts): StepResult {
  const bound = cluster.pods.filter(({ state }) => state === 'running' || state === 'finished');
  const waiting = cluster.pods.filter(({ state }) => state === 'waiting');
  const silent = waiting.filter(({ reason }) => reason === undefined);
  const why = silent.length > 0 ? `, ${silent.length} of them without saying why` : ', each with its reason';
  const waits = waiting.length === 0 ? 'nobody waits' : `${counted(waiting.length, 'pod')} waiting${why}`;
  const detail = `${counted(bound.length, 'pod')} placed, ${waits}`;
  return step('scheduling', bound.length > 0 && silent.length === 0, detail);
}

function metering({ usage }: DemoFacts): StepResult {
  const seconds = usage.flatMap(({ meters }) => meters).reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
  const tenants = usage.filter(({ meters }) => meters.length > 0).length;
  return step(
    'metering',
    tenants === usage.length && seconds > 0n,
    `${seconds} GPU-seconds sealed for ${counted(tenants, 'tenant')}`,
  );
}

function billing({ usage, stripe, customers }: DemoFacts): StepResult {
  const differences = usage.flatMap(({ tenant, meters }) =>
    meters
      .filter(({ meter, quantity }) => {
        const counted = stripe.find((row) => row.customer === customers[tenant] && row.eventName === meter);
        return (counted?.value ?? '0') !== quantity;
      })
      .map(({ meter }) => `${tenant} ${meter}`),
  );
  const meters = usage.reduce((sum, each) => sum + each.meters.length, 0);
  const detail =
    differences.length === 0
      ? `Stripe's peer counts exactly the quantities of ${counted(meters, 'meter')}`
      : `differs: ${differences.join(', ')}`;
  return step('billing', meters > 0 && differences.length === 0, detail);
}

function tuning({ cluster, telemetry, idlePods }: DemoFacts): StepResult {
  const found = cluster.recommendations.length;
  const detail = `${counted(found, 'recommendation')}; telemetry: ${telemetry.message}`;
  if (found === 0 && idlePods === 0) {
    const why =
      'a trace does not say how busy its GPUs were, so none was left idle; for advice run make demo without TRACE';
    return { step: 'tuning', result: 'skipped', detail: why };
  }
  return step('tuning', telemetry.status === 'True' && found > 0, detail);
}

function growth({ cluster, mails, noRealNode }: DemoFacts): StepResult {
  const campaign = cluster.campaigns[0];
  if (noRealNode !== undefined) {
    const ready = campaign?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
    if (ready !== true) return step('growth', false, 'the campaign has no CronJob');
    return {
      step: 'growth',
      result: 'skipped',
      detail: `the campaign is scheduled, but its pod cannot run: ${noRealNode}`,
    };
  }
  const run = campaign?.status?.lastRun;
  const once = mails.sent === mails.expected && mails.recipients === mails.expected;
  const detail = `${counted(mails.sent, 'mail')} to ${mails.recipients} people, ${mails.expected} had consented`;
  return step(
    'growth',
    once && run?.outcome === 'Succeeded' && run.sent === mails.sent,
    `${detail}; run ${run?.outcome ?? 'not seen'}${run?.message ? `: ${run.message}` : ''}`,
  );
}

function commands(facts: DemoFacts): StepResult {
  const failed = facts.commands.filter(({ code }) => code !== 0);
  const detail =
    failed.length === 0
      ? `${counted(facts.commands.length, 'command')} answered`
      : failed.map(({ command, code }) => `${command} exited ${code}`).join('; ');
  return step('command line', facts.commands.length > 0 && failed.length === 0, detail);
}
