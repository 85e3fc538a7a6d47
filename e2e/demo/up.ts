import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { runningCluster } from '../cluster/lifecycle.ts';
import { takeLock } from '../cluster/lock.ts';
import type { Progress } from '../cluster/progress.ts';
import { buildProjectImage, PROJECT_IMAGE } from '../image/project.ts';
import {
  clusterWhere,
  commandFacts,
  crdFacts,
  leaseHolder,
  mailFacts,
  type Places,
  settledUsage,
  telemetryFacts,
} from './collect.ts';
import { root } from './context.ts';
import { clearDemo } from './down.ts';
import { inStep } from './failure.ts';
import { type DemoFleet, demoFleet, type FleetOptions } from './fleet.ts';
import { nextCommands, writeEnvironment } from './further.ts';
import { operatorLogOf, type RunningOperator, startOperator } from './operator.ts';
import { startPeer } from './peers.ts';
import { renderReport } from './report.ts';
import { applySamples, consenting } from './samples.ts';
import { readDemo, standsWhole, writeDemo } from './state.ts';
import { type DemoFacts, judge } from './steps.ts';
import { playWorkload } from './workload.ts';

/** What `make demo` is told. */
export interface DemoOptions extends FleetOptions {
  readonly folder: string;
  readonly progress: Progress;
}

/** Usage windows of the demo; production seals UTC hours. */
const WINDOW_SECONDS = 30;
const CONTACTS = 40;
const CUSTOMERS = { acme: 'cus_acme', globex: 'cus_globex' } as const;
const ADVICE_SECONDS = 90;
const READY_SECONDS = 60;

interface Peers {
  readonly stripe: { readonly url: string; readonly key: string };
  readonly smtp: { readonly host: string; readonly port: number };
  readonly mailUrl: string;
  readonly prometheusUrl: string;
}

/** Brings everything up, plays the workload, reports; 0 only if every step of the thread happened or was skipped for a reason. */
export async function startDemo(options: DemoOptions): Promise<number> {
  const { folder, progress } = options;
  const lock = await takeLock(`demo ${folder}`, `starting the demo in ${folder}`, { wait: false });
  try {
    const before = await readDemo(folder);
    if (before !== undefined && (await standsWhole(folder, before))) {
      progress.say('demo', `runs since ${before.startedAt}; stop it first with: make demo-down`);
      return 1;
    }
    if (before !== undefined) {
      progress.say('demo', 'an earlier one was cut short; removing what it left');
      await clearDemo(folder, progress);
    }
    return await run(options);
  } finally {
    await lock.release();
  }
}

async function run(options: DemoOptions): Promise<number> {
  const { folder, progress } = options;
  const clusterFolder = join(dirname(folder), 'cluster');
  const logs = join(folder, 'logs');
  const fleet = await inStep('fleet', options.trace ?? 'e2e/fleet', async () => demoFleet(options));
  const record = {
    ownsCluster: (await runningCluster(clusterFolder)) === undefined,
    startedAt: new Date().toISOString(),
    finished: false,
  };
  await writeDemo(folder, record);
  const cluster = await inStep('cluster', join(clusterFolder, 'logs'), () =>
    acquireCluster({ stateDir: clusterFolder, progress, keep: true }),
  );
  progress.say('cluster', `${cluster.record.kind}, Kubernetes ${cluster.record.version}, ${cluster.record.apiServer}`);
  await inStep('image', join(clusterFolder, 'logs'), () => image(cluster, progress));
  const peers = await inStep('peers', logs, () => startPeers(cluster, folder, progress));
  await inStep('nodes', join(clusterFolder, 'logs'), () => nodes(cluster, folder, fleet, progress));
  const operatorLog = operatorLogOf(cluster, folder);
  const operator = await inStep('operator', operatorLog, () =>
    progress.step('operator', { doing: 'installing config/default', done: 'ready', usualSeconds: 25 }, () =>
      startOperator(cluster, folder, {
        GPUOPT_PROMETHEUS_URL: peers.prometheusUrl,
        GPUOPT_WINDOW_SECONDS: String(WINDOW_SECONDS),
        GPUOPT_SEAL_GRACE_SECONDS: '2',
      }),
    ),
  );
  const places = placesOf(cluster, operator, peers, fleet);
  await inStep('samples', operatorLog, () => samples(places, peers, fleet, folder, progress));
  await inStep('campaign', operatorLog, () => startCampaign(places, progress));
  await inStep('workload', operatorLog, () => workload(places, fleet, progress));
  const facts = await inStep('report', operatorLog, () => collect(places, operator, fleet, progress));
  const results = judge(facts);
  process.stdout.write(`${renderReport(facts, results)}\n`);
  const shown = await cluster.kubectl(['get', 'gpuopt', '--all-namespaces']);
  const waiting = facts.cluster.pods.find(({ state }) => state === 'waiting');
  const environment = await writeEnvironment(folder, places);
  process.stdout.write(`\n$ kubectl get gpuopt -A\n${shown}${nextCommands(environment, operator.log, waiting)}`);
  await writeDemo(folder, { ...record, finished: true });
  const failed = results.filter(({ result }) => result === 'failed');
  for (const { step, detail } of failed)
    process.stderr.write(`failed: ${step}: ${detail}; look into ${operator.log}\n`);
  return failed.length === 0 ? 0 : 1;
}

async function workload({ cluster }: Places, fleet: DemoFleet, progress: Progress): Promise<void> {
  const pods = fleet.workload.reduce((sum, each) => sum + each.pods, 0);
  progress.say('workload', `${pods} pods of two tenants, over about two minutes`);
  await playWorkload(cluster.kubectl, {
    items: fleet.workload,
    namespaces: fleet.namespaces,
    tailSeconds: 15,
    everySeconds: 5,
    say: (line) => process.stdout.write(`${line}\n`),
  });
}

async function image(cluster: Cluster, progress: Progress): Promise<void> {
  if ('skipped' in cluster.realNode) return;
  const { archive } = await progress.step('image', { doing: 'building', done: 'built' }, () =>
    buildProjectImage(join(root, 'dist')),
  );
  await cluster.loadImage({ name: PROJECT_IMAGE, archive });
}

async function startPeers(cluster: Cluster, folder: string, progress: Progress): Promise<Peers> {
  const host = cluster.hostAddress ?? '127.0.0.1';
  const customers = Object.values(CUSTOMERS).flatMap((customer) => ['--customer', customer]);
  const stripe = await startPeer(folder, 'stripe', 'e2e/peers/stripe/main.ts', ['--host', host, ...customers]);
  const smtp = await startPeer(folder, 'smtp', 'e2e/peers/smtp/main.ts', ['--host', host]);
  const dcgm = await startPeer(folder, 'dcgm', 'e2e/peers/dcgm/main.ts', ['--kubeconfig', cluster.kubeconfig]);
  const prometheus = await progress.step(
    'prometheus',
    { doing: 'starting (the first build takes some minutes)', done: 'ready' },
    () =>
      startPeer(folder, 'prometheus', 'e2e/peers/prometheus/main.ts', [
        ...['--folder', join(folder, 'prometheus'), '--host', host],
        ...['--scrape', `dcgm=${dcgm.url}`, '--interval', '2'],
      ]),
  );
  progress.say(
    'peers',
    `Stripe ${stripe.url}, SMTP ${smtp.host}:${smtp.port}, DCGM ${dcgm.url}, Prometheus ${prometheus.url}`,
  );
  return {
    stripe: { url: String(stripe.url), key: String(stripe.key) },
    smtp: { host: String(smtp.host), port: Number(smtp.port) },
    mailUrl: `http://${smtp.host}:${smtp.httpPort}`,
    prometheusUrl: String(prometheus.url),
  };
}

async function nodes({ kubectl }: Cluster, folder: string, fleet: DemoFleet, progress: Progress): Promise<void> {
  // A file, so that `make demo-down` can take the same nodes away from a cluster that stays.
  const file = join(folder, 'nodes.json');
  await writeFile(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: fleet.nodes }));
  await progress.step(
    'nodes',
    { doing: 'creating', done: `${fleet.nodes.length} simulated nodes, ${fleet.gpus} GPUs` },
    () => kubectl(['apply', '--server-side', '-f', file], { timeoutMs: 120_000 }),
  );
}

function placesOf(cluster: Cluster, operator: RunningOperator, peers: Peers, fleet: DemoFleet): Places {
  return {
    cluster,
    server: operator.server,
    stripeUrl: peers.stripe.url,
    mailUrl: peers.mailUrl,
    gpuopt: join(root, 'operator/cli/gpuopt'),
    namespaces: fleet.namespaces,
    tenants: Object.keys(CUSTOMERS),
    customers: CUSTOMERS,
    windowSeconds: WINDOW_SECONDS,
  };
}

async function samples(
  places: Places,
  peers: Peers,
  fleet: DemoFleet,
  folder: string,
  progress: Progress,
): Promise<void> {
  await applySamples(places.cluster.kubectl, {
    folder,
    stripeUrl: peers.stripe.url,
    stripeKey: peers.stripe.key,
    smtp: peers.smtp,
    contacts: CONTACTS,
    patches: fleet.patches,
    extras: fleet.extras,
  });
  const ready = (facts: {
    readonly metadata: { readonly name: string };
    readonly status?: { readonly conditions?: readonly { type: string; status: string }[] };
  }) => facts.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
  const facts = await clusterWhere(places, ({ tenants, pools }) => [...tenants, ...pools].every(ready), READY_SECONDS);
  const late = [...facts.tenants, ...facts.pools].filter((each) => !ready(each)).map(({ metadata }) => metadata.name);
  progress.say(
    'samples',
    late.length === 0 ? 'applied; pools and tenants are Ready' : `applied; not Ready: ${late.join(', ')}`,
  );
}

/** Starts the campaign's run now: its own time is tomorrow morning. */
async function startCampaign({ cluster }: Places, progress: Progress): Promise<void> {
  if ('skipped' in cluster.realNode) {
    progress.say('campaign', `no run: ${cluster.realNode.skipped}`);
    return;
  }
  const name = (
    await cluster.kubectl(['get', 'cronjobs', '-n', 'growth', '-o', 'jsonpath={.items[*].metadata.name}'])
  ).split(' ')[0];
  if (!name) {
    progress.say('campaign', 'has no CronJob yet');
    return;
  }
  await cluster.kubectl(['create', 'job', '-n', 'growth', `${name}-now`, `--from=cronjob/${name}`]);
  progress.say('campaign', `run started from cronjob/${name}`);
}

async function collect(
  places: Places,
  operator: RunningOperator,
  fleet: DemoFleet,
  progress: Progress,
): Promise<DemoFacts> {
  const { realNode } = places.cluster;
  progress.say('waiting', 'for advice from telemetry, the campaign, and the last usage window to be billed');
  const done = await clusterWhere(
    places,
    ({ recommendations, campaigns }) =>
      (recommendations.length > 0 || fleet.idlePods === 0) &&
      ('skipped' in realNode || campaigns.every(({ status }) => status?.lastRun?.outcome === 'Succeeded')),
    ADVICE_SECONDS,
  );
  const money = await settledUsage(places);
  const waiting = done.pods.find(({ state }) => state === 'waiting');
  const commands = await commandFacts(places, [
    ...(waiting === undefined ? [] : [['why', `pod/${waiting.name}`, '-n', waiting.namespace]]),
    ...places.tenants.map((tenant) => ['usage', 'show', '--tenant', tenant]),
    ['doctor'],
  ]);
  return {
    cluster: await clusterWhere(places, () => true, 0),
    crds: await crdFacts(places),
    operator: { mode: operator.mode, log: operator.log, leaseHolder: await leaseHolder(places) },
    fleetGpus: fleet.gpus,
    idlePods: fleet.idlePods,
    ...money,
    customers: places.customers,
    telemetry: await telemetryFacts(places),
    mails: { ...(await mailFacts(places.mailUrl)), expected: consenting(CONTACTS) },
    ...('skipped' in realNode && { noRealNode: realNode.skipped }),
    commands,
  };
}
