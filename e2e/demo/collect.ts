import { setTimeout as delay } from 'node:timers/promises';
import { type CommandResult, tryCommand } from '../cluster/commands.ts';
import type { Cluster } from '../cluster/index.ts';
import { listAll } from './context.ts';
import { type ClusterFacts, clusterFacts, type Resource, type Usage, usageFacts } from './facts.ts';
import { fetchJson } from './fetch-json.ts';
import type { DemoFacts } from './steps.ts';

/** Where the facts are found. */
export interface Places {
  readonly cluster: Cluster;
  readonly server: string;
  readonly stripeUrl: string;
  readonly mailUrl: string;
  readonly gpuopt: string;
  readonly namespaces: readonly string[];
  readonly tenants: readonly string[];
  readonly customers: Readonly<Record<string, string>>;
  readonly windowSeconds: number;
}

interface StripeTruth {
  readonly events: readonly {
    readonly customer: string;
    readonly event_name: string;
    readonly value: string;
    readonly timestamp: number;
    readonly voided?: boolean;
    readonly rejected?: string;
  }[];
}

interface Mail {
  readonly envelope: { readonly to: readonly string[] };
}

const SETTLE_SECONDS = 120;

/** Usage up to the last full window, once all of it was delivered, and what the Stripe peer counts of the same windows. */
export async function settledUsage(places: Places): Promise<Pick<DemoFacts, 'usage' | 'stripe'>> {
  const span = places.windowSeconds * 1000;
  const end = new Date(Math.floor(Date.now() / span) * span);
  const until = Date.now() + SETTLE_SECONDS * 1000;
  for (;;) {
    const usage = await usageFacts(places.server, places.tenants, end);
    if (usage.every((each) => settled(each, end))) return { usage, stripe: await counted(places.stripeUrl, end) };
    if (Date.now() > until) return { usage, stripe: await counted(places.stripeUrl, end) };
    await delay(1000);
  }
}

function settled({ sealedThrough, meters }: Usage, end: Date): boolean {
  const sealed = sealedThrough !== null && Date.parse(sealedThrough) >= end.getTime();
  // A window can be sealed a moment before its meter events are frozen: what is neither pending nor accepted is on its way.
  return sealed && meters.every(({ pending, accepted, quantity }) => pending === '0' && accepted === quantity);
}

async function counted(url: string, end: Date): Promise<DemoFacts['stripe']> {
  const { events } = await fetchJson<StripeTruth>("Stripe's peer", `${url}/_peer/truth`);
  const sums = new Map<string, { customer: string; eventName: string; value: bigint }>();
  for (const { customer, event_name: eventName, value, timestamp, voided, rejected } of events) {
    if (voided === true || rejected !== undefined || timestamp * 1000 >= end.getTime()) continue;
    const key = `${customer} ${eventName}`;
    sums.set(key, { customer, eventName, value: (sums.get(key)?.value ?? 0n) + BigInt(value) });
  }
  return [...sums.values()].map((row) => ({ ...row, value: row.value.toString() }));
}

/** Mails that the server took, and to how many people. */
export async function mailFacts(url: string): Promise<{ readonly sent: number; readonly recipients: number }> {
  const mails = await fetchJson<readonly Mail[]>('the mail server', `${url}/_peer/messages`);
  const recipients = new Set(mails.flatMap(({ envelope }) => envelope.to));
  return { sent: mails.length, recipients: recipients.size };
}

/** Waits until `holds` is true of the cluster's facts, or the time is over; answers the last facts either way. */
export async function clusterWhere(
  places: Places,
  holds: (facts: ClusterFacts) => boolean,
  seconds: number,
): Promise<ClusterFacts> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const facts = await clusterFacts(places.cluster.kubectl, places.namespaces);
    if (holds(facts) || Date.now() > until) return facts;
    await delay(1500);
  }
}

/** What the policy says of its telemetry. */
export async function telemetryFacts({ cluster }: Places): Promise<DemoFacts['telemetry']> {
  const policies = await listAll<Resource<object>>(cluster.kubectl, 'optimizationpolicies.gpuoptimizer.io');
  const condition = policies[0]?.status?.conditions?.find(({ type }) => type === 'TelemetryReady');
  return { status: condition?.status ?? 'Unknown', message: condition?.message ?? 'not looked at yet' };
}

/** Our CRDs that the API server has established. */
export async function crdFacts({ cluster }: Places): Promise<readonly string[]> {
  const crds = await listAll<Resource<object>>(cluster.kubectl, 'customresourcedefinitions');
  return crds
    .filter(({ metadata }) => metadata.name.endsWith('.gpuoptimizer.io'))
    .filter(({ status }) => status?.conditions?.some(({ type, status: is }) => type === 'Established' && is === 'True'))
    .map(({ metadata }) => metadata.name);
}

/** Who holds the operator's Lease; empty when nobody does. */
export async function leaseHolder({ cluster }: Places): Promise<string> {
  const path = 'jsonpath={.spec.holderIdentity}';
  const { stdout } = await cluster.tryKubectl(['get', 'lease', 'gpuopt', '-n', 'gpuopt-system', '-o', path]);
  return stdout.trim();
}

/** Runs commands of `gpuopt` as a newcomer would, and answers their exit codes. */
export async function commandFacts(
  places: Places,
  argvs: readonly (readonly string[])[],
): Promise<DemoFacts['commands']> {
  const env = { ...process.env, KUBECONFIG: places.cluster.kubeconfig, GPUOPT_SERVER: places.server };
  const results: { command: string; code: number }[] = [];
  for (const argv of argvs) {
    const result: CommandResult = await tryCommand([places.gpuopt, ...argv], { env });
    results.push({ command: `gpuopt ${argv.join(' ')}`, code: result.code });
  }
  return results;
}
