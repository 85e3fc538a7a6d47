import { connect as connectTls } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ConfigMap } from '../../operator/kube/index.ts';
import { createRegistry } from '../../operator/observability/index.ts';
import { type Client, connect, createManager, loadCluster, type Manager } from '../../operator/runtime/index.ts';
import { lossless, silentLog, until } from '../../operator/runtime/testing/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { type MountedCertificate, mountedCertificate } from './webhooks/mounted.ts';
import { BOXES, Box, boxConversion, boxes, configMapHooks, OldBox, spokes } from './webhooks/toys.ts';

const NAMESPACE = 'webhooks';
const CONFIGURATION = 'webhooks-scenario';
const configurations = ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration'] as const;

let cluster: Cluster;
let host: string;
let client: Client;
let close: () => Promise<void> = async () => undefined;
let certificate: MountedCertificate;
let manager: Manager;
let stop: () => Promise<void> = async () => undefined;
let metrics: () => Promise<string>;
let held: PromiseWithResolvers<void> = Promise.withResolvers();
const dryRuns: boolean[] = [];

/** Serves the webhooks in this process; the port is the same each time. */
async function serve(port = 0): Promise<void> {
  const end = new AbortController();
  const registry = createRegistry();
  const hooks = [
    ...configMapHooks(
      () => held.promise,
      (dryRun) => dryRuns.push(dryRun),
    ),
    boxConversion,
  ];
  const made = createManager({
    cluster: await loadCluster({ kubeconfig: cluster.kubeconfig }),
    rooms: [],
    log: silentLog,
    registry,
    webhooks: { host, port, certificates: certificate.folder, hooks, drainMillis: 0 },
  });
  const ended = made.run(end.signal);
  await until('webhooks are served', () => made.webhookPort() !== undefined);
  manager = made;
  metrics = () => registry.metrics();
  stop = async () => {
    end.abort();
    await ended;
  };
}

const apply = (...items: readonly object[]): Promise<string> =>
  cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
const urlOf = (path: string, port = manager.webhookPort()): string => `https://${host}:${port}${path}`;

interface HookOptions {
  readonly failurePolicy?: 'Fail' | 'Ignore';
  readonly timeoutSeconds?: number;
}

let registrations = 0;

/** Registers one webhook for ConfigMaps of the scenario's namespace, and waits until the API server calls it. */
async function register(
  path: string,
  { failurePolicy = 'Fail', timeoutSeconds = 10 }: HookOptions = {},
): Promise<void> {
  const [kind, other] = path === '/mutate' ? configurations : configurations.toReversed();
  await cluster.kubectl(['delete', `${other}`, CONFIGURATION, '--ignore-not-found']);
  registrations += 1;
  const probe = `probe-${registrations}`;
  const hook = (name: string, where: string, asked: string, more: object): object => ({
    name: `${name}.gpuoptimizer.io`,
    admissionReviewVersions: ['v1'],
    sideEffects: 'None',
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': NAMESPACE } },
    matchConditions: [{ name: 'asked', expression: `(object == null ? oldObject : object).metadata.name.${asked}` }],
    rules: [
      { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE', 'UPDATE', 'DELETE'], resources: ['configmaps'] },
    ],
    clientConfig: { url: urlOf(where), caBundle: certificate.caBundle },
    ...more,
  });
  await apply({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind,
    metadata: { name: CONFIGURATION },
    webhooks: [
      hook('scenario', path, "startsWith('it-')", { failurePolicy, timeoutSeconds }),
      hook('probe', '/probe', `startsWith('it-${probe}-')`, { failurePolicy: 'Fail' }),
    ],
  });
  // The API server learns of a configuration by a watch, of all its webhooks at once.
  await until('the API server calls the probe', async () => {
    const answer = await create(`${probe}-x`, {}, '--dry-run=server');
    return answer.stderr.includes('the probe was called');
  });
}

const configMap = (name: string, data: Readonly<Record<string, string>>): object => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: `it-${name}`, namespace: NAMESPACE },
  data,
});
const create = (name: string, data: Readonly<Record<string, string>>, ...how: readonly string[]) =>
  cluster.tryKubectl(['create', '-f', '-', ...how], { input: JSON.stringify(configMap(name, data)) });

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  host = cluster.hostAddress ?? '127.0.0.1';
  ({ client, close } = connect(await loadCluster({ kubeconfig: cluster.kubeconfig })));
  certificate = await mountedCertificate(host);
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } });
  await serve();
});

afterAll(async () => {
  held.resolve();
  // First what calls the webhooks, or the objects could not be deleted.
  for (const kind of configurations) await cluster.tryKubectl(['delete', kind, CONFIGURATION, '--ignore-not-found']);
  await cluster.tryKubectl(['delete', 'crd', BOXES, '--ignore-not-found', '--timeout=60s']);
  await cluster.tryKubectl(['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--wait=false']);
  await stop();
  await close();
  await certificate.remove();
  await cluster.release();
});

beforeEach((ctx) => {
  if (cluster.record.kind === 'external')
    ctx.skip('the API server of KUBECONFIG_E2E cannot call a process of this machine');
});

describe('admission', () => {
  test('changes an object, warns, and is told of a dry run', async () => {
    await register('/mutate');
    const answer = await create('grows', { grow: 'tall' }, '-o', 'json', '--dry-run=server');
    expect(answer).toMatchObject({ code: 0 });
    expect(answer.stderr).toContain('Warning: it has grown');
    const made = JSON.parse(answer.stdout);
    expect(made.data).toEqual({ grown: 'tall' });
    expect(made.metadata.labels).toEqual({ 'example.com/grown': 'tall' });
    expect(dryRuns.at(-1)).toBe(true);
    expect(await create('grows', { plain: 'x' })).toMatchObject({ code: 0 });
    expect(dryRuns.at(-1)).toBe(false);
    expect((await client.get(ConfigMap, { namespace: NAMESPACE, name: 'it-grows' }))?.data).toEqual({ plain: 'x' });
  });

  test('refuses with code, reason and message, a deletion too', async () => {
    await register('/validate');
    const refused = await create('bad', { bad: 'x' });
    expect(refused.stderr).toContain(
      'Error from server (Forbidden): error when creating "STDIN": admission webhook "scenario.gpuoptimizer.io" denied the request: bad is not wanted; leave it out',
    );
    expect(await create('kept', { keep: 'x' })).toMatchObject({ code: 0 });
    const gone = await cluster.tryKubectl(['delete', 'configmap', 'it-kept', '-n', NAMESPACE]);
    expect(gone.stderr).toContain('Error from server (Conflict)');
    expect(gone.stderr).toContain('it is kept');
    expect(await metrics()).toMatch(
      /controller_runtime_webhook_requests_total\{webhook="\/validate",code="200"\} [3-9]/,
    );
  });

  test.each([
    { name: 'a webhook that throws', path: '/throws', says: 'failed calling webhook' },
    { name: 'a webhook that does not answer in time', path: '/slow', says: 'context deadline exceeded' },
    { name: 'a path that is not served', path: '/none', says: 'could not find the requested resource' },
  ])('by $name the failurePolicy decides', async ({ path, says }) => {
    held = Promise.withResolvers();
    try {
      await register(path, { failurePolicy: 'Fail', timeoutSeconds: 1 });
      const refused = await create('fails', { a: 'x' });
      expect(refused.code).not.toBe(0);
      expect(refused.stderr).toContain(says);
      await register(path, { failurePolicy: 'Ignore', timeoutSeconds: 1 });
      expect(await create(`ignored-${path.slice(1)}`, { a: 'x' })).toMatchObject({ code: 0 });
    } finally {
      held.resolve();
    }
  });

  test('while the server is down the failurePolicy decides, and when it is back it is asked again', async () => {
    await register('/validate', { failurePolicy: 'Fail' });
    const port = manager.webhookPort();
    await stop();
    const refused = await create('down', { a: 'x' });
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('connection refused');
    await serve(port);
    expect(await create('down', { a: 'x' })).toMatchObject({ code: 0 });
    expect((await create('down-bad', { bad: 'x' })).stderr).toContain('bad is not wanted');
  });

  test('the certificate is swapped while requests run, and none of them fails', async () => {
    await register('/validate');
    const servedName = (): Promise<string> =>
      new Promise((resolve, reject) => {
        const socket = connectTls({ host, port: manager.webhookPort(), ca: certificate.authority.cert }, () => {
          resolve(String(socket.getPeerCertificate().subject.CN));
          socket.end();
        });
        socket.once('error', reject);
      });
    const first = await servedName();
    const swapped = new AbortController();
    let judged = 0;
    const work = async (lane: number): Promise<void> => {
      while (!swapped.signal.aborted) {
        const name = `it-swap-${lane}-${judged}`;
        const made: ConfigMap = { metadata: { name, namespace: NAMESPACE }, data: { a: 'x' } };
        await client.create(ConfigMap, made, 'scenario');
        await client.remove(ConfigMap, { namespace: NAMESPACE, name }, {});
        judged += 2;
      }
    };
    const lanes = [0, 1, 2, 3].map(work);
    try {
      for (const name of ['second', 'third']) {
        await certificate.mount(name);
        await until(`the ${name} certificate`, async () => (await servedName()) === name, 30_000);
        const before = judged;
        await until('requests go on', () => judged > before + 20, 30_000);
      }
    } finally {
      swapped.abort();
    }
    await Promise.all(lanes);
    expect([first, await servedName()]).toEqual(['first', 'third']);
    const numbers = await metrics();
    expect(numbers).toContain('controller_runtime_webhook_requests_total{webhook="/validate",code="500"} 0');
    expect(numbers).toContain('certwatcher_read_certificate_errors_total 0');
  });
});

describe('conversion', () => {
  const box = (name: string, pieces: number, colour?: string): object => ({
    apiVersion: `boxes.gpuoptimizer.io/v1`,
    kind: 'Box',
    metadata: { name, namespace: NAMESPACE, labels: { l: '1' } },
    spec: { pieces, ...(colour !== undefined && { colour }) },
  });
  const define = async (stored: 'v1' | 'v1alpha1'): Promise<void> => {
    await apply(boxes(stored, urlOf(boxConversion.path), certificate.caBundle));
    await cluster.kubectl(['wait', '--for=condition=Established', `crd/${BOXES}`, '--timeout=60s']);
    await until(`${stored} is stored`, async () => (await storedVersions()).includes(stored), 30_000);
  };
  const storedVersions = async (): Promise<readonly string[]> =>
    JSON.parse(await cluster.kubectl(['get', 'crd', BOXES, '-o', 'json'])).status.storedVersions ?? [];

  test('the versions lose nothing of each other', () => {
    const check = lossless(Box, spokes);
    const metadata = fc.record({
      name: fc.constant('a'),
      annotations: fc.dictionary(fc.stringMatching(/^[a-z]{1,5}$/), fc.string()),
    });
    const pieces = fc.nat().filter((count) => count !== 11);
    const spec = fc.record({ pieces, colour: fc.string() }, { requiredKeys: ['pieces'] });
    fc.assert(fc.property(fc.record({ metadata, spec }), check.hub));
    const oldSpec = fc.record({ dozens: fc.integer({ min: 1, max: 1_000 }), rest: fc.nat(11) });
    fc.assert(fc.property(fc.record({ metadata, spec: oldSpec }), check.version('v1alpha1')));
  });

  test('an object is stored in one version and read in the other, and nothing is lost', async () => {
    await define('v1alpha1');
    await until(
      'boxes are served',
      async () => (await cluster.tryKubectl(['get', 'boxes', '-n', NAMESPACE])).code === 0,
      30_000,
    );
    await apply(box('red', 14, 'red'), box('plain', 25));
    const red = await client.get(Box, { namespace: NAMESPACE, name: 'red' });
    expect(red).toMatchObject({ apiVersion: 'boxes.gpuoptimizer.io/v1', spec: { pieces: 14, colour: 'red' } });
    const old = await client.get(OldBox, { namespace: NAMESPACE, name: 'red' });
    expect(old).toMatchObject({ apiVersion: 'boxes.gpuoptimizer.io/v1alpha1', spec: { dozens: 1, rest: 2 } });
    expect(old?.metadata).toMatchObject({ uid: red?.metadata.uid, labels: { l: '1' } });
    const all = await client.list(Box, { namespace: NAMESPACE });
    expect(all.map(({ spec }) => spec.pieces).sort()).toEqual([14, 25]);
  });

  test('an object that cannot be converted is named', async () => {
    const eleven = { ...box('eleven', 0), apiVersion: 'boxes.gpuoptimizer.io/v1alpha1', spec: { dozens: 0, rest: 11 } };
    await apply(eleven);
    try {
      const { stderr } = await cluster.tryKubectl(['get', 'boxes.v1.boxes.gpuoptimizer.io', '-n', NAMESPACE]);
      expect(stderr).toContain(
        'Box webhooks/eleven, from boxes.gpuoptimizer.io/v1alpha1 to boxes.gpuoptimizer.io/v1: eleven pieces make no box',
      );
    } finally {
      // While it is there, nobody can list boxes in v1, and the definition cannot be deleted.
      await client.remove(OldBox, { namespace: NAMESPACE, name: 'eleven' }, {});
    }
    expect(await client.list(Box, { namespace: NAMESPACE })).toHaveLength(2);
  });

  test('what is stored moves to the new version, and is then read without a conversion', async () => {
    await define('v1');
    expect([...(await storedVersions())].sort()).toEqual(['v1', 'v1alpha1']);
    // Each object is written as it is: the API server stores it in the new version.
    for (const one of await client.list(Box, { namespace: NAMESPACE })) await client.replace(Box, one);
    await cluster.kubectl([
      'patch',
      'crd',
      BOXES,
      '--subresource=status',
      '--type=merge',
      '-p',
      '{"status":{"storedVersions":["v1"]}}',
    ]);
    const asked = async (): Promise<string | undefined> =>
      /webhook_requests_total\{webhook="\/convert[^"]*",code="200"\} (\d+)/.exec(await metrics())?.[1];
    await until('the API server reads without converting', async () => {
      const before = await asked();
      const read = await client.list(Box, { namespace: NAMESPACE });
      expect(read.map(({ spec }) => spec.pieces).sort()).toEqual([14, 25]);
      return (await asked()) === before;
    });
    const old = await client.get(OldBox, { namespace: NAMESPACE, name: 'red' });
    expect(old?.spec).toEqual({ dozens: 1, rest: 2 });
  });
});
