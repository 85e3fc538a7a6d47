import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrowthCampaign } from '../../operator/api/index.ts';
import { growthRoom, httpServer, jobApi, tokenReviewer } from '../../operator/growth/index.ts';
import type { CronJob, Job, Pod } from '../../operator/kube/index.ts';
import { createLogger, createRegistry, systemClock } from '../../operator/observability/index.ts';
import { connect, createManager, loadCluster, rbac } from '../../operator/runtime/index.ts';
import { openStore } from '../../operator/store/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { buildProjectImage, PROJECT_IMAGE } from '../image/project.ts';
import { type SmtpPeer, startSmtpPeer } from '../peers/smtp/index.ts';

const root = join(import.meta.dirname, '../..');
const namespace = `growth-${process.pid}`;
const closed = `closed-${process.pid}`;
const account = 'gpuopt-growth-job';
const audience = 'gpuoptimizer.io/jobs';
const leaseMillis = 6_000;
const people = Array.from({ length: 12 }, (_, index) => `person${index}@example.com`);
const csv = [
  'email,name,consent,consent_time,source',
  ...people.map((email, index) => `${email},Person ${index},yes,2026-01-05T10:00:00Z,signup form`),
  'nobody@example.com,Nobody,no,2026-01-05T10:00:00Z,signup form',
].join('\n');
const template = 'Hello {{ contact.name }},\nyour GPUs wait.\n';

let cluster: Cluster;
let peer: SmtpPeer;
let url: string;
let folder: string;
const undo: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  cluster = await acquireCluster();
  undo.push(() => cluster.release());
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  const definitions = ['growthcampaigns', 'messagingchannels'].map((plural) => `crd/${plural}.gpuoptimizer.io`);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', ...definitions]);
  for (const [name, labels] of [
    [namespace, { 'gpuoptimizer.io/growth': 'true', 'pod-security.kubernetes.io/enforce': 'restricted' }],
    [closed, {}],
  ] as const) {
    await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } });
    undo.push(() => cluster.kubectl(['delete', 'namespace', '--ignore-not-found', '--wait=false', name]));
  }
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'leads' },
    stringData: { 'contacts.csv': csv },
  });
  await apply({
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { namespace, name: 'mails' },
    data: { 'idle.liquid': template },
  });
  peer = await startSmtpPeer({ host: cluster.hostAddress ?? '127.0.0.1' });
  undo.push(() => peer.stop());
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-growth-'));
  undo.push(() => rm(folder, { recursive: true, force: true }));
  await startOperator();
});

afterAll(async () => {
  for (const step of undo.toReversed()) await step();
});

/** The room alone, as a service account that may do what its controllers declare and nothing else, and the port for runs. */
async function startOperator(): Promise<void> {
  const host = cluster.hostAddress ?? '127.0.0.1';
  const log = createLogger({ level: 'warn', destination: 2 });
  const registry = createRegistry();
  const store = await openStore({ dataDir: join(folder, 'store'), log, clock: systemClock });
  undo.push(() => store.close());
  await store.migrate();
  const stop = new AbortController();
  const rights = growthRoom({
    store,
    clock: systemClock,
    log,
    registry,
    jobImage: '',
    jobImagePullPolicy: 'Never',
    jobApiUrl: '',
  });
  const name = 'gpuopt-growth';
  await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: closed, name } });
  for (const each of rbac(rights.controllers, { name: closed, namespace: closed, serviceAccount: name })) {
    await apply(each);
    const place = each.metadata.namespace === undefined ? [] : ['-n', each.metadata.namespace];
    undo.push(() => cluster.kubectl(['delete', '--ignore-not-found', ...place, each.kind, each.metadata.name]));
  }
  const access = await loadCluster({ kubeconfig: await cluster.kubeconfigForServiceAccount(closed, name) });
  const { client, close } = connect(access);
  const port = await new Promise<number>((resolve, reject) => {
    const handlers = jobApi({ store, clock: systemClock, log, registry, leaseMillis, review: tokenReviewer(client) });
    const server = httpServer({ name: 'jobs', host, port: 0, handlers, log, onListening: resolve });
    const serving = server.run(stop.signal);
    serving.catch(reject);
    undo.push(async () => {
      stop.abort();
      await serving;
      await close();
    });
  });
  url = `http://${host}:${port}`;
  const room = growthRoom({
    store,
    clock: systemClock,
    log,
    registry: createRegistry(),
    jobImage: PROJECT_IMAGE,
    jobImagePullPolicy: 'Never',
    jobApiUrl: url,
    jobNodeSelector:
      'skipped' in cluster.realNode
        ? { 'gpuoptimizer.io/none': 'true' }
        : { 'kubernetes.io/hostname': cluster.realNode.name },
  });
  const manager = createManager({ cluster: access, rooms: [room], log, registry: createRegistry() });
  const running = manager.run(stop.signal);
  undo.push(async () => {
    stop.abort();
    await running;
  });
}

describe('a campaign that cannot run says why', () => {
  test('in a namespace that is not open to campaigns', async () => {
    await apply(campaign('lost', { namespace: closed }));
    const ready = await condition('lost', 'Ready', (found) => found.status === 'False', closed);
    expect(ready).toMatchObject({ reason: 'NamespaceNotAllowed' });
    expect(ready?.message).toContain(`kubectl label namespace ${closed} gpuoptimizer.io/growth=true`);
    expect(await cluster.kubectl(['get', 'cronjobs', '-n', closed, '-o', 'name'])).toBe('');
  });

  test('until its channel is there', async () => {
    await apply(campaign('idle'));
    expect(await condition('idle', 'Ready', (found) => found.status === 'False')).toMatchObject({
      reason: 'ChannelMissing',
    });
    await apply(channel());
    expect(await condition('idle', 'Ready', (found) => found.status === 'True')).toMatchObject({ reason: 'Scheduled' });
    expect(await condition('idle', 'Compliant', () => true)).toMatchObject({ status: 'True' });
  });

  test('when the API server refuses its cron expression', async () => {
    await apply(campaign('odd', { cron: '99 99 * * *' }));
    expect(await condition('odd', 'Ready', (found) => found.status === 'False')).toMatchObject({
      reason: 'CronJobRefused',
    });
  });
});

test('a campaign becomes one CronJob whose pods pass Pod Security "restricted"', async () => {
  const cron = await getObject<CronJob>('cronjob', 'growth-idle');
  expect(cron.spec).toMatchObject({
    schedule: '15 6 1 1 *',
    timeZone: 'Etc/UTC',
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 3600,
    suspend: false,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 3,
  });
  expect(cron.metadata.ownerReferences).toMatchObject([{ kind: 'GrowthCampaign', name: 'idle', controller: true }]);
  const pod = cron.spec?.jobTemplate.spec?.template;
  expect(pod?.spec).toMatchObject({
    restartPolicy: 'Never',
    serviceAccountName: account,
    automountServiceAccountToken: false,
  });
  const probe = { apiVersion: 'v1', kind: 'Pod', metadata: { namespace, name: 'probe' }, spec: pod?.spec };
  await cluster.kubectl(['create', '--dry-run=server', '-f', '-'], { input: JSON.stringify(probe) });
  await cluster.kubectl([
    'patch',
    '-n',
    namespace,
    'growthcampaign/idle',
    '--type=merge',
    '-p',
    '{"spec":{"run":{"mode":"Suspended"}}}',
  ]);
  await eventually(async () => (await getObject<CronJob>('cronjob', 'growth-idle')).spec?.suspend === true, 30);
  await cluster.kubectl([
    'patch',
    '-n',
    namespace,
    'growthcampaign/idle',
    '--type=merge',
    '-p',
    '{"spec":{"run":{"mode":"Active"}}}',
  ]);
  await eventually(async () => (await getObject<CronJob>('cronjob', 'growth-idle')).spec?.suspend === false, 30);
});

describe('the port for runs', () => {
  test.for([
    { name: 'no token', audience: undefined, in: namespace, status: 401 },
    { name: 'a token of another audience', audience: 'https://example.com', in: namespace, status: 401 },
    { name: 'the token of another namespace', audience, in: closed, status: 403 },
  ])('refuses $name with $status', async (row) => {
    if (row.in === closed)
      await apply({ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { namespace: closed, name: account } });
    const token = row.audience === undefined ? undefined : await createToken(row.in, row.audience);
    const { uid } = (await getObject<GrowthCampaign>('growthcampaign', 'idle')).metadata;
    const request = {
      campaign: { namespace, name: 'idle', uid },
      jobUid: 'x',
      claimant: 'x',
      configHash: 'x',
      dryRun: false,
    };
    const answer = await fetch(`${url}/jobs/growth/v1/claim`, {
      method: 'POST',
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      body: JSON.stringify({ request }),
    });
    expect(answer.status).toBe(row.status);
  });
});

describe('runs as local processes', () => {
  test('killed half-way and run again, nobody gets two mails', async () => {
    peer.setFaults([{ kind: 'delay', at: 5, millis: 1_500 }]);
    const before = peer.messages.length;
    const job = await newJob('idle', 'killed');
    const first = startRun(job);
    await eventually(async () => peer.messages.length >= before + 4, 60);
    await delay(300);
    first.child.kill('SIGKILL');
    await first.ended;
    const second = startRun(job);
    expect(await second.ended).toBe(0);
    const report = JSON.parse(second.output().trim().split('\n').at(-1) ?? '');
    expect(report).toMatchObject({ outcome: 'Succeeded', counts: { imported: 12, 'refused.noConsent': 1 } });
    const { accepted, unknown = 0 } = report.counts;
    expect(accepted + unknown).toBe(12);
    expect(unknown).toBeLessThanOrEqual(1);
    const got = peer.messages.slice(before).flatMap((mail) => mail.envelope.to);
    expect(new Set(got).size).toBe(got.length);
    expect(got.length).toBeGreaterThanOrEqual(accepted);
    expect(second.log()).not.toContain('@example.com');
    const last = await lastRun('idle', (run) => run.outcome === 'Succeeded');
    expect(last).toMatchObject({ outcome: 'Succeeded', sent: accepted, unknown, imported: 12, refused: 1, failed: 0 });
  });

  test('another Job of the same period finds it done', async () => {
    const before = peer.messages.length;
    const again = startRun(await newJob('idle', 'again'));
    expect(await again.ended).toBe(0);
    expect(again.output()).toContain('AlreadyDone');
    expect(peer.messages.length).toBe(before);
  });

  test('a mail server that refuses half-way ends the run with 10; the next one sends the rest', async () => {
    await apply(campaign('busy'));
    await condition('busy', 'Ready', (found) => found.status === 'True');
    const before = peer.messages.length;
    peer.setFaults([{ kind: 'reply', stage: 'rcpt', at: 6, times: 5, code: 421 }]);
    const job = await newJob('busy', 'refused');
    const first = startRun(job);
    expect(await first.ended).toBe(10);
    expect(await lastRun('busy', (run) => run.outcome === 'Failed')).toMatchObject({ outcome: 'Failed', sent: 5 });
    peer.setFaults([]);
    const second = startRun(job);
    expect(await second.ended).toBe(0);
    const got = peer.messages.slice(before).flatMap((mail) => mail.envelope.to);
    expect(got.toSorted()).toEqual(people.toSorted());
    expect(await lastRun('busy', (run) => run.outcome === 'Succeeded')).toMatchObject({ sent: 12, unknown: 0 });
  });

  test('who unsubscribes with one click gets no more mail', async () => {
    const mail = peer.messages.at(-1);
    const link = /<(https:[^>]+)>/.exec(mail?.headers['list-unsubscribe']?.replace(/\s+/g, '') ?? '')?.[1] ?? '';
    const page = `${url}${new URL(link).pathname}`;
    expect(await (await fetch(page)).text()).toContain('<form method="post">');
    for (const _again of [1, 2]) {
      const answer = await fetch(page, { method: 'POST', body: 'List-Unsubscribe=One-Click', redirect: 'error' });
      expect(answer.status).toBe(200);
    }
    expect((await fetch(`${page}x`, { method: 'POST' })).status).toBe(404);
    await apply(campaign('later'));
    await condition('later', 'Ready', (found) => found.status === 'True');
    const before = peer.messages.length;
    expect(await startRun(await newJob('later', 'later')).ended).toBe(0);
    const got = peer.messages.slice(before).flatMap((sent) => sent.envelope.to);
    expect(got).toHaveLength(11);
    expect(got).not.toContain(mail?.envelope.to[0]);
    expect(await lastRun('later', (run) => run.outcome === 'Succeeded')).toMatchObject({ sent: 11, skipped: 1 });
  });
});

test('a pod of the project’s image on the real node, killed half-way: its Job starts another, and nobody gets two mails', async (context) => {
  if ('skipped' in cluster.realNode) context.skip(`no real node: ${cluster.realNode.skipped}`);
  const image = await buildProjectImage(cluster.stateDir);
  await cluster.loadImage({ name: PROJECT_IMAGE, archive: image.archive });
  await apply(campaign('pods'));
  await condition('pods', 'Ready', (found) => found.status === 'True');
  peer.setFaults([{ kind: 'delay', at: 4, millis: 4_000 }]);
  const before = peer.messages.length;
  await cluster.kubectl(['create', 'job', '-n', namespace, '--from=cronjob/growth-pods', 'pods-now']);
  await eventually(async () => peer.messages.length >= before + 3, 120);
  const [pod] = await pods('pods-now');
  await cluster.kubectl(['delete', 'pod', '-n', namespace, pod?.metadata.name ?? '', '--grace-period=0', '--force']);
  const last = await lastRun('pods', (run) => run.outcome === 'Succeeded', 120);
  const got = peer.messages.slice(before).flatMap((mail) => mail.envelope.to);
  expect(new Set(got).size).toBe(got.length);
  expect(got.length).toBeGreaterThanOrEqual(10);
  expect((last?.sent ?? 0) + (last?.unknown ?? 0)).toBe(11);
  const done = await eventually(async () => (await getObject<Job>('job', 'pods-now')).status?.succeeded === 1, 60);
  expect(done).toBe(true);
  const said = (await pods('pods-now'))
    .flatMap((each) => each.status?.containerStatuses ?? [])
    .map((each) => each.state?.terminated?.message ?? '');
  expect(said.some((message) => message.includes('"outcome":"Succeeded"'))).toBe(true);
  expect(said.join()).not.toContain('@example.com');
});

function channel(): object {
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'MessagingChannel',
    metadata: { namespace, name: 'mail' },
    spec: {
      type: 'SMTP',
      smtp: { host: peer.host, port: peer.port, tls: 'Disabled' },
      from: 'GPU Cloud <team@example.com>',
      postalAddress: 'Example Ltd, 1 High St, Town',
      unsubscribeBaseURL: 'https://portal.example.com/unsubscribe',
      maxPerSecond: 50,
    },
  };
}

function campaign(name: string, change: { readonly namespace?: string; readonly cron?: string } = {}): object {
  return {
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'GrowthCampaign',
    metadata: { namespace: change.namespace ?? namespace, name },
    spec: {
      schedule: { cron: change.cron ?? '15 6 1 1 *', timeZone: 'Etc/UTC', period: 'Month' },
      lawfulBasis: 'Consent',
      topic: 'product-news',
      steps: [
        { name: 'import', type: 'LeadImport', leadImport: { csvSecretRef: { name: 'leads', key: 'contacts.csv' } } },
        {
          name: 'mail',
          type: 'EmailSend',
          emailSend: {
            channelRef: { name: 'mail' },
            templateRef: { name: 'mails', key: 'idle.liquid' },
            subject: 'Your GPUs',
          },
        },
      ],
    },
  };
}

/** A Job of the campaign's CronJob whose pod never gets a node: its run is played by a local process. */
async function newJob(name: string, jobName: string): Promise<Job> {
  const args = [
    'create',
    'job',
    '-n',
    namespace,
    `--from=cronjob/growth-${name}`,
    jobName,
    '--dry-run=client',
    '-o',
    'json',
  ];
  const job = JSON.parse(await cluster.kubectl(args));
  job.spec.template.spec.nodeSelector = { 'gpuoptimizer.io/none': 'true' };
  await cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify(job) });
  return await getObject<Job>('job', jobName);
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  readonly output: () => string;
  readonly log: () => string;
}

/** Runs what the Job's pod would run, with its arguments, environment, inputs and token. */
function startRun(job: Job): Run {
  const container = job.spec?.template.spec?.containers[0];
  const environment = Object.fromEntries((container?.env ?? []).map((each) => [each.name, each.value ?? '']));
  const mounted = join(folder, job.metadata.name ?? '');
  let output = '';
  let log = '';
  const child = spawn(
    'sh',
    [
      '-c',
      'read line; exec "$0" "$@"',
      process.execPath,
      join(root, 'operator/cli/main.ts'),
      ...(container?.args ?? []),
      '--mounts',
      mounted,
      '--token-file',
      join(mounted, 'token/token'),
    ],
    {
      env: { PATH: process.env.PATH, ...environment, GPUOPT_JOB_UID: job.metadata.uid },
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  );
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    log += chunk.toString();
  });
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  mountInputs(mounted).then(
    () => child.stdin.end('go\n'),
    () => child.kill('SIGKILL'),
  );
  return { child, ended, output: () => output, log: () => log };
}

async function mountInputs(mounted: string): Promise<void> {
  const files = {
    'steps/import/contacts.csv': csv,
    'steps/mail/template.liquid': template,
    'token/token': await createToken(namespace, audience),
  };
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(mounted, path)), { recursive: true });
    await writeFile(join(mounted, path), text, { mode: 0o600 });
  }
}

async function createToken(from: string, forAudience: string): Promise<string> {
  return (await cluster.kubectl(['create', 'token', account, '-n', from, '--audience', forAudience])).trim();
}

async function apply(object: object): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], { input: JSON.stringify(object) });
}

async function getObject<T>(kind: string, name: string, from = namespace): Promise<T> {
  const object: T = JSON.parse(await cluster.kubectl(['get', kind, name, '-n', from, '-o', 'json']));
  return object;
}

async function pods(job: string): Promise<readonly Pod[]> {
  const text = await cluster.kubectl([
    'get',
    'pods',
    '-n',
    namespace,
    '-l',
    `batch.kubernetes.io/job-name=${job}`,
    '-o',
    'json',
  ]);
  const list: { readonly items: readonly Pod[] } = JSON.parse(text);
  return list.items;
}

async function eventually(check: () => Promise<boolean>, seconds: number): Promise<boolean> {
  const until = Date.now() + seconds * 1_000;
  for (;;) {
    if (await check()) return true;
    if (Date.now() >= until) return false;
    await delay(100);
  }
}

type Found = NonNullable<NonNullable<GrowthCampaign['status']>['conditions']>[number];

async function condition(
  name: string,
  type: string,
  wanted: (found: Found) => boolean,
  from = namespace,
): Promise<Found | undefined> {
  let found: Found | undefined;
  await eventually(async () => {
    const { status } = await getObject<GrowthCampaign>('growthcampaign', name, from);
    found = status?.conditions?.find((each) => each.type === type);
    return found !== undefined && wanted(found);
  }, 30);
  return found;
}

type LastRun = NonNullable<NonNullable<GrowthCampaign['status']>['lastRun']>;

async function lastRun(name: string, wanted: (run: LastRun) => boolean, seconds = 90): Promise<LastRun | undefined> {
  let run: LastRun | undefined;
  await eventually(async () => {
    run = (await getObject<GrowthCampaign>('growthcampaign', name)).status?.lastRun;
    return run !== undefined && wanted(run);
  }, seconds);
  return run;
}
