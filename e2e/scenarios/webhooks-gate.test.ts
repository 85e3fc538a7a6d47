import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import type { Namespace, Pod } from '../../operator/kube/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { stateFolder } from '../cluster/state.ts';
import { gpuPod, gpuSpec, gpuTenant, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { documentedBlock, inShell, root } from './install/shell.ts';
import { type Means, withPolicies, withWebhooks } from './webhooks/means.ts';

const GATE = 'gpuoptimizer.io/plan';
const NAMESPACES = { managed: 'gate-managed', free: 'gate-free' } as const;
const TENANT = 'gate-tenant';
const SYSTEM = 'gpuopt-system';

type Labels = Readonly<Record<string, string>>;
interface Row {
  readonly name: string;
  readonly user?: 'tenant' | 'admin' | 'kubelet' | 'daemonset';
  readonly refused?: string;
}
interface PodRow extends Row {
  readonly namespace?: keyof typeof NAMESPACES;
  readonly before?: Partial<Pod>;
  readonly pod: Partial<Pod>;
  readonly gates?: readonly string[];
  readonly finalizers?: readonly string[];
  readonly claims?: readonly string[];
}
interface NamespaceRow extends Row {
  readonly namespace: string;
  readonly before?: Labels;
  readonly labels: Labels;
  readonly becomes?: Labels;
}

/** One of the templates that the operator keeps where pools offer the shape. */
const shapeTemplate = {
  apiVersion: 'resource.k8s.io/v1',
  kind: 'ResourceClaimTemplate',
  metadata: {
    name: 'gpuopt-1g.10gb',
    namespace: NAMESPACES.managed,
    labels: { 'gpuoptimizer.io/shape': '1g.10gb' },
  },
  spec: { spec: { devices: { requests: [{ name: 'gpu', exactly: { deviceClassName: 'mig.nvidia.com' } }] } } },
};

const rowsOf = <R extends Row>(path: string): readonly R[] =>
  parse(readFileSync(join(root, 'operator', path), 'utf8'), { merge: true }).rows;
const podRows = rowsOf<PodRow>('scheduling/admission/pods.yaml');
const namespaceRows = rowsOf<NamespaceRow>('pools/admission/namespaces.yaml');
const users = {
  tenant: [`--as=${TENANT}`],
  admin: [],
  kubelet: [`--as=${TENANT}`, '--as-group=system:nodes', '--as-group=system:authenticated'],
  daemonset: ['--as=system:serviceaccount:kube-system:daemon-set-controller'],
} as const;

let cluster: Cluster;
let means: Means | undefined;

const send = (verb: readonly string[], ...items: readonly object[]): Promise<string> =>
  cluster.kubectl([...verb, '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }) });
const judge = (verb: 'create' | 'replace', object: object, { user = 'tenant' }: Pick<Row, 'user'>) =>
  cluster.tryKubectl([verb, '--dry-run=server', '-o', 'json', '-f', '-', ...users[user]], {
    input: JSON.stringify(object),
  });

beforeAll(async () => {
  // A cluster of its own: an API server from which a policy went reads the parameters of none that comes after it anew.
  cluster = await acquireCluster({ realNode: false, stateDir: resolve(stateFolder(), '../gate/cluster') });
  const { kubectl } = cluster;
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', join(root, 'crds')]);
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', 'crd/tenants.gpuoptimizer.io']);
  await send(
    ['apply', '--server-side'],
    gpuTenant('gate-named', ['mine']),
    gpuTenant('gate-pattern', ['team-*']),
    namespaceNamed(NAMESPACES.managed, { 'gpuoptimizer.io/managed': 'true' }),
    namespaceNamed(NAMESPACES.free),
    namespaceNamed(SYSTEM),
  );
  await send(['apply', '--server-side'], shapeTemplate);
  await kubectl(['create', 'clusterrole', TENANT, '--verb=get,create,update,patch', '--resource=namespaces']);
  for (const role of ['edit', TENANT])
    await kubectl(['create', 'clusterrolebinding', `${TENANT}-${role}`, `--clusterrole=${role}`, `--user=${TENANT}`]);
  for (const namespace of [...Object.values(NAMESPACES), SYSTEM]) {
    await eventually(`${namespace} has its service account`, async () =>
      (await cluster.tryKubectl(['get', 'serviceaccount', 'default', '-n', namespace])).code === 0 ? true : undefined,
    );
  }
});

afterAll(async () => {
  await means?.remove();
  const { kubectl, tryKubectl } = cluster;
  for (const namespace of Object.values(NAMESPACES)) {
    for (const name of (await kubectl(['get', 'pods', '-n', namespace, '-o', 'name'])).trim().split('\n')) {
      if (name !== '')
        await tryKubectl(['patch', name, '-n', namespace, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    }
  }
  for (const name of ['gate-named', 'gate-pattern']) {
    await tryKubectl(['patch', 'tenant', name, '--type=merge', '-p', '{"metadata":{"finalizers":null}}']);
    await kubectl(['delete', 'tenant', name, '--ignore-not-found']);
  }
  await kubectl(['delete', 'clusterrole', TENANT]);
  await kubectl(['delete', 'clusterrolebinding', `${TENANT}-edit`, `${TENANT}-${TENANT}`]);
  const gone = [...Object.values(NAMESPACES), SYSTEM, ...namespaceRows.map(({ namespace }) => `${namespace}-old`)];
  await kubectl(['delete', 'namespace', '--ignore-not-found', '--wait=false', ...new Set(gone)]);
  await cluster.release();
});

/** As often in a row, over some three seconds: after each change of policies the API server compiles them all anew, and reads parameters anew. */
const STEADY_TRIES = 12;
const STEADY_PAUSE_MILLIS = 250;

/** Waits until the first pod of the table is gated, and a namespace labelled: the API server knows what is installed. */
async function inForce(): Promise<void> {
  await eventually('pods are gated', async () => {
    const { stdout } = await judge('create', gpuPod(NAMESPACES.managed, 'probe', gpuSpec(1)), {});
    return stdout.includes(GATE) ? true : undefined;
  });
  await eventually('namespaces are labelled', async () => {
    const { stdout } = await judge('create', namespaceNamed('mine'), {});
    return stdout.includes('gpuoptimizer.io/managed') ? true : undefined;
  });
  let inARow = 0;
  await eventually('claims are added', async () => {
    const labels = { 'gpuoptimizer.io/shape': '1g.10gb' };
    const spec = { containers: [{ name: 'main', image: 'pause' }] };
    const { stdout } = await judge('create', gpuPod(NAMESPACES.managed, 'probe', spec, { labels }), {});
    inARow = stdout.includes('gpuopt-shape') ? inARow + 1 : 0;
    if (inARow < STEADY_TRIES) await delay(STEADY_PAUSE_MILLIS);
    return inARow >= STEADY_TRIES ? true : undefined;
  });
  await eventually('labels are guarded', async () => {
    const labels = { 'gpuoptimizer.io/tenant': 'acme' };
    return (await judge('create', namespaceNamed('probe', labels), {})).code === 0 ? undefined : true;
  });
}

describe.each([
  { by: 'policies', install: withPolicies },
  { by: 'webhooks', install: withWebhooks },
])('by $by', ({ by, install }) => {
  beforeAll(async () => {
    means = await install(cluster);
    await inForce();
  });

  afterAll(async () => {
    await means?.remove();
    means = undefined;
  });

  test.each(podRows.map((row, at) => ({ ...row, id: `${by}-${at}` })))('$name', async (row) => {
    const { before, claims = [], finalizers = [], gates = [], id, pod, refused } = row;
    const namespace = NAMESPACES[row.namespace ?? 'managed'];
    const whole = ({ metadata, spec }: Partial<Pod>): Pod =>
      gpuPod(namespace, id, spec ?? { containers: [] }, metadata);
    let answer = await (before === undefined ? judge('create', whole(pod), row) : undefined);
    if (before !== undefined) {
      // Bound nowhere, whatever nodes other scenarios have left: a bound pod cannot be replaced as it was.
      const spec = { containers: [], ...before.spec, nodeSelector: { nowhere: 'true' } };
      const made: Pod = JSON.parse(await send(['create', '-o', 'json'], gpuPod(namespace, id, spec, before.metadata)));
      const changed = {
        ...made,
        // Without a version, for others write to the pod as well.
        metadata: {
          ...made.metadata,
          resourceVersion: undefined,
          labels: pod.metadata?.labels ?? made.metadata.labels,
        },
        spec: { ...made.spec, schedulingGates: pod.spec?.schedulingGates },
      };
      answer = await judge('replace', changed, row);
    }
    if (refused !== undefined) return expect(answer?.stderr).toContain(refused);
    expect(answer).toMatchObject({ code: 0 });
    const became: Pod = JSON.parse(answer?.stdout ?? '{}');
    expect((became.spec?.schedulingGates ?? []).map(({ name }) => name).sort()).toEqual([...gates].sort());
    expect([...(became.metadata.finalizers ?? [])].sort()).toEqual([...finalizers].sort());
    expect((became.spec?.containers[0]?.resources?.claims ?? []).map(({ name }) => name)).toEqual(claims);
  });

  test.each(namespaceRows)('$name', async (row) => {
    const { becomes, before, labels, namespace, refused } = row;
    let answer = await (before === undefined ? judge('create', namespaceNamed(namespace, labels), row) : undefined);
    if (before !== undefined) {
      await cluster.tryKubectl(['create', 'namespace', `${namespace}-old`]);
      await send(['replace'], namespaceNamed(`${namespace}-old`, before));
      answer = await judge('replace', namespaceNamed(`${namespace}-old`, labels), row);
    }
    if (refused !== undefined) return expect(answer?.stderr).toContain(refused);
    expect(answer).toMatchObject({ code: 0 });
    const became: Namespace = JSON.parse(answer?.stdout ?? '{}');
    const { 'kubernetes.io/metadata.name': _name, ...found } = became.metadata.labels ?? {};
    expect(found).toEqual(becomes ?? labels);
  });
});

describe('while the operator that serves webhooks is down', () => {
  const held = gpuPod(NAMESPACES.managed, 'held', gpuSpec(1));
  const take = [
    '--type=strategic',
    '-p',
    JSON.stringify({ spec: { schedulingGates: [{ $patch: 'delete', name: GATE }] } }),
  ];

  beforeAll(async () => {
    means = await withWebhooks(cluster);
    await inForce();
    await send(['create'], held);
    await means.silence();
  });

  test('GPU pods of tenants are refused, and nobody else is kept from anything', async () => {
    const pod = (namespace: string, spec = gpuSpec(1)): Pod => gpuPod(namespace, 'row', spec);
    const plain = { containers: [{ name: 'main', image: 'pause' }] };
    const refused = await judge('create', pod(NAMESPACES.managed), {});
    expect(refused.stderr).toContain('failed calling webhook "gate.gpuoptimizer.io"');
    for (const [namespace, spec] of [
      [NAMESPACES.managed, plain],
      [NAMESPACES.free],
      [SYSTEM],
      ['kube-system'],
    ] as const)
      expect(await judge('create', pod(namespace, spec), { user: 'admin' })).toMatchObject({ code: 0 });
    const made = await judge('create', namespaceNamed('mine'), {});
    expect(made).toMatchObject({ code: 0 });
    expect(JSON.parse(made.stdout).metadata.labels['gpuoptimizer.io/managed']).toBeUndefined();
  });

  test('gates stay where they are, and come off for who may release', async () => {
    const patch = ['patch', 'pod', 'held', '-n', NAMESPACES.managed, ...take];
    const refused = await cluster.tryKubectl([...patch, `--as=${TENANT}`]);
    expect(refused.stderr).toContain('failed calling webhook "gate-guard.gpuoptimizer.io"');
    expect(await cluster.tryKubectl(patch)).toMatchObject({ code: 0 });
  });

  test('certificates are made as documented, and every webhook trusts their authority', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'webhook-authority-'));
    try {
      const block = `cd '${folder}'\n${documentedBlock('Certificates without cert-manager')}`;
      for (const run of ['the first time', 'again']) {
        const { code, stderr } = await inShell(cluster, block);
        expect(code, `${run}: ${stderr}`).toBe(0);
      }
      const get = async (...what: readonly string[]) =>
        JSON.parse(await cluster.kubectl(['get', ...what, '-o', 'json']));
      const authority = new X509Certificate(readFileSync(join(folder, 'gpuopt-authority/ca.crt')));
      const { data } = await get('secret', 'gpuopt-webhooks', '-n', SYSTEM);
      const served = new X509Certificate(Buffer.from(data['tls.crt'], 'base64'));
      expect(served.verify(authority.publicKey)).toBe(true);
      expect(served.checkHost('gpuopt-webhooks.gpuopt-system.svc')).toBe('gpuopt-webhooks.gpuopt-system.svc');
      for (const kind of ['mutatingwebhookconfiguration', 'validatingwebhookconfiguration']) {
        const { webhooks } = await get(kind, 'gpuopt');
        for (const { clientConfig } of webhooks)
          expect(Buffer.from(clientConfig.caBundle, 'base64').toString()).toBe(authority.toString());
      }
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});

describe('config/webhooks', () => {
  let folder: string;
  const rendered = async (...components: readonly string[]): Promise<readonly { readonly kind: string }[]> => {
    const place = (path: string): string => relative(folder, join(root, 'config', path));
    const kustomization = { resources: [place('default')], components: components.map(place) };
    await writeFile(join(folder, 'kustomization.yaml'), stringify(kustomization));
    return parseAllDocuments(await cluster.kubectl(['kustomize', folder])).map((document) => document.toJS());
  };

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'webhook-overlay-'));
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test.each([
    { name: 'leaves out what the API server lacks', components: ['webhooks'], without: /^Mutating.*Policy/, adds: 2 },
    {
      name: 'with guards leaves out all policies',
      components: ['webhooks', 'webhooks/guards'],
      without: /AdmissionPolicy/,
      adds: 3,
    },
    {
      name: 'with cert-manager adds certificates',
      components: ['webhooks', 'webhooks/guards', 'webhooks/cert-manager'],
      without: /AdmissionPolicy/,
      adds: 7,
    },
  ])('$name, and the rest is admitted', async ({ adds, components, without }) => {
    const [plain, objects] = [await rendered(), await rendered(...components)];
    const kinds = objects.map(({ kind }) => kind);
    expect(kinds.filter((kind) => without.test(kind))).toEqual([]);
    expect(objects.length).toBe(plain.filter(({ kind }) => !without.test(kind)).length + adds);
    const known = objects.filter(({ kind }) => kind !== 'Certificate' && kind !== 'Issuer');
    await send(['apply', '--server-side', '--force-conflicts', '--dry-run=server'], ...known);
  });
});
