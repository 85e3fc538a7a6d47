import type { StepResult } from './context.ts';
import type { ClusterFacts, Usage } from './facts.ts';

/** Everything that was seen at the end of the demo; the report and the verdict are computed from it alone. */
export interface DemoFacts {
  readonly cluster: ClusterFacts;
  /** Established CRDs of ours. */
  readonly crds: readonly string[];
  readonly operator: { readonly mode: 'pod' | 'process'; readonly log: string; readonly leaseHolder: string };
  /** GPUs of the fleet as generated. */
  readonly fleetGpus: number;
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

/** Kinds of the first version. */
const KINDS = 8;

/** The verdict on each of the ten steps of the thread. */
export function judge(facts: DemoFacts): readonly StepResult[] {
  return [
    step('custom resources', facts.crds.length === KINDS, `${facts.crds.length} of ${KINDS} kinds established`),
    step(
      'install',
      facts.operator.leaseHolder !== '',
      facts.operator.mode === 'pod'
        ? 'operator runs as a pod of the real node'
        : 'operator runs as a process of this machine',
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
  return step('pools', ready && gpus === fleetGpus, `${cluster.pools.length} pools count ${gpus} of ${fleetGpus} GPUs`);
}

function scheduling({ cluster }: DemoFacts): StepResult {
  const bound = cluster.pods.filter(({ state }) => state === 'running' || state === 'finished');
  const waiting = cluster.pods.filter(({ state }) => state === 'waiting');
  const silent = waiting.filter(({ reason }) => reason === undefined);
  const detail = `${bound.length} pods placed, ${waiting.length} wait${silent.length > 0 ? `, ${silent.length} of them without saying why` : ' and say why'}`;
  return step('scheduling', bound.length > 0 && silent.length === 0, detail);
}

function metering({ usage }: DemoFacts): StepResult {
  const seconds = usage.flatMap(({ meters }) => meters).reduce((sum, { quantity }) => sum + BigInt(quantity), 0n);
  const tenants = usage.filter(({ meters }) => meters.length > 0).length;
  return step(
    'metering',
    tenants === usage.length && seconds > 0n,
    `${seconds} GPU-seconds sealed for ${tenants} tenants`,
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
      ? `Stripe's peer counts exactly the ${meters} meters' quantities`
      : `differs: ${differences.join(', ')}`;
  return step('billing', meters > 0 && differences.length === 0, detail);
}

function tuning({ cluster, telemetry }: DemoFacts): StepResult {
  const found = cluster.recommendations.length;
  return step(
    'tuning',
    telemetry.status === 'True' && found > 0,
    `${found} recommendations; telemetry: ${telemetry.message}`,
  );
}

function growth({ cluster, mails, noRealNode }: DemoFacts): StepResult {
  const detail = `${mails.sent} mails to ${mails.recipients} people, ${mails.expected} had consented`;
  if (noRealNode !== undefined)
    return { step: 'growth', result: 'skipped', detail: `no pod can truly run here: ${noRealNode}` };
  const run = cluster.campaigns[0]?.status?.lastRun;
  const once = mails.sent === mails.expected && mails.recipients === mails.expected;
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
      ? `${facts.commands.length} commands answered`
      : failed.map(({ command, code }) => `${command} exited ${code}`).join('; ');
  return step('command line', facts.commands.length > 0 && failed.length === 0, detail);
}
