import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { parseAllDocuments } from 'yaml';
import type { Pod } from '../../operator/kube/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { installAsPod } from '../demo/install.ts';
import { buildProjectImage, PROJECT_IMAGE } from '../image/project.ts';
import { gpuNode, gpuPod, gpuSpec } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { killInPod } from './install/kill.ts';
import { documentedBlock, inShell, root } from './install/shell.ts';

const SYSTEM = 'gpuopt-system';
const NAMESPACE = 'acme-train';
const GPUOPT = ['/usr/local/bin/node', '/app/gpuopt.mjs'];
const SAMPLES = ['namespaces', 'gpu-pools', 'tenants', 'price-book'].map((name) => `config/samples/${name}.yaml`);
const node = gpuNode('install', 'install-a');

let cluster: Cluster;
let folder: string;
let skipped: string | undefined;

const get = async <T>(...args: readonly string[]): Promise<T> =>
  JSON.parse(await cluster.kubectl(['get', ...args, '-o', 'json']));
const operatorPod = async (): Promise<Pod> => {
  const { items } = await get<{ items: readonly Pod[] }>('pods', '-n', SYSTEM, '-l', 'app.kubernetes.io/name=gpuopt');
  const living = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  if (living[0] === undefined) throw new Error('there is no pod of the operator');
  return living[0];
};
const ready = async (): Promise<Pod | undefined> => {
  const pod = await operatorPod().catch(() => undefined);
  const is = pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
  return is === true ? pod : undefined;
};
const create = (...objects: readonly object[]): Promise<string> =>
  cluster.kubectl(['create', '-f', '-'], { input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }) });
const podNamed = (name: string): Promise<Pod> => get<Pod>('pod', name, '-n', NAMESPACE);
const bound = async (name: string): Promise<true | undefined> =>
  (await podNamed(name)).spec?.nodeName === undefined ? undefined : true;

beforeAll(async () => {
  cluster = await acquireCluster();
  if ('skipped' in cluster.realNode) {
    skipped = cluster.realNode.skipped;
    return;
  }
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-install-'));
  const { archive } = await buildProjectImage(join(root, 'dist'));
  await cluster.loadImage({ name: PROJECT_IMAGE, archive });
  const settings = { GPUOPT_WINDOW_SECONDS: '2', GPUOPT_SEAL_GRACE_SECONDS: '1' };
  await installAsPod(cluster.kubectl, { folder, settings });
});

afterAll(async () => {
  if (skipped === undefined) {
    const leftovers = [
      'node/install-a',
      'pv/gpuopt-data',
      `ns/${SYSTEM}`,
      'ns/acme-train',
      'ns/globex-infer',
      'ns/growth',
    ];
    await cluster.tryKubectl([
      'delete',
      'pods',
      '--all',
      '-n',
      NAMESPACE,
      '--wait=false',
      '--force',
      '--grace-period=0',
    ]);
    await cluster.tryKubectl(['delete', '--ignore-not-found', ...leftovers], { timeoutMs: 120_000 });
    await rm(folder, { recursive: true, force: true });
  }
  await cluster.release();
});

describe('config/default on a real node', () => {
  beforeEach((ctx: TestContext) => {
    if (skipped !== undefined) ctx.skip(`no pod can run here: ${skipped}`);
  });

  it('becomes Ready, and the command in its container answers', async () => {
    await cluster.kubectl(['rollout', 'status', '-n', SYSTEM, 'deployment/gpuopt', '--timeout=120s'], {
      timeoutMs: 130_000,
    });
    const inside = (...args: readonly string[]): Promise<string> =>
      cluster.kubectl(['exec', '-n', SYSTEM, 'deploy/gpuopt', '--', ...GPUOPT, ...args]);
    expect(await inside('--version')).toMatch(/^gpuopt \d+\.\d+\.\d+ \(gpuoptimizer\.io\/v1alpha1, Node v24\./);
    expect(await inside('--help')).toContain('Usage: gpuopt');
    // Whether a node advertises GPUs depends on what ran here before; the exit code must tell the same as the checks.
    const doctor = ['exec', '-n', SYSTEM, 'deploy/gpuopt', '--', ...GPUOPT, 'doctor', '--json'];
    const examine = async () => {
      const { code, stdout } = await cluster.tryKubectl(doctor);
      const checks: readonly { check: string; verdict: string }[] = JSON.parse(stdout);
      return { code, verdicts: new Map(checks.map(({ check, verdict }) => [check, verdict])) };
    };
    // The first leader of an installation makes sure for three seconds that there is no other.
    const { code, verdicts } = await eventually('it leads', async () => {
      const found = await examine();
      return found.verdicts.get('leader') === 'ok' ? found : undefined;
    });
    expect(verdicts.get('custom resources')).toBe('ok');
    expect(['ok', 'wrong']).toContain(verdicts.get('nodes'));
    expect(code).toBe([...verdicts.values()].includes('wrong') ? 1 : 0);
  });

  it('every pod that the manifests make is admitted by Pod Security restricted, which refuses a privileged one', async () => {
    const rendered = await cluster.kubectl(['kustomize', join(root, 'config/default')]);
    const objects = parseAllDocuments(rendered).map((document) => document.toJS());
    const templates = objects.flatMap(({ spec }) => (spec?.template?.spec === undefined ? [] : [spec.template.spec]));
    expect(templates).toHaveLength(1);
    const admit = (spec: object, name: string) =>
      cluster.tryKubectl(['create', '--dry-run=server', '-f', '-'], {
        input: JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: SYSTEM }, spec }),
      });
    for (const spec of templates) expect(await admit(spec, 'rendered')).toMatchObject({ code: 0 });
    const privileged = { containers: [{ name: 'a', image: 'a', securityContext: { privileged: true } }] };
    expect((await admit(privileged, 'privileged')).stderr).toContain('violates PodSecurity "restricted');
  });

  const rights: readonly (readonly [string, string, string, 'yes' | 'no'])[] = [
    ['list', 'secrets', SYSTEM, 'no'],
    ['list', 'secrets', NAMESPACE, 'no'],
    ['watch', 'secrets', SYSTEM, 'no'],
    ['delete', 'pods', NAMESPACE, 'no'],
    ['create', 'pods', NAMESPACE, 'no'],
    ['delete', 'nodes', NAMESPACE, 'no'],
    ['patch', 'clusterroles', NAMESPACE, 'no'],
    ['patch', 'pods', NAMESPACE, 'yes'],
    ['list', 'nodes', NAMESPACE, 'yes'],
    ['patch', 'tenants.gpuoptimizer.io/status', NAMESPACE, 'yes'],
  ];
  it.each(rights)('its service account: may it %s %s in %s? %s', async (verb, resource, namespace, answer) => {
    const as = `--as=system:serviceaccount:${SYSTEM}:gpuopt`;
    const { stdout } = await cluster.tryKubectl(['auth', 'can-i', verb, resource, '-n', namespace, as]);
    expect(stdout.trim()).toBe(answer);
  });

  it('takes the samples: pools and tenants become Ready, and a GPU pod is planned', async () => {
    await create(node);
    for (const file of SAMPLES) await cluster.kubectl(['apply', '--server-side', '-f', join(root, file)]);
    const wait = ['wait', '--for=condition=Ready', '--timeout=60s'];
    await cluster.kubectl([...wait, 'gpupool/h100', 'gpupool/a100', 'tenant/acme', 'tenant/globex'], {
      timeoutMs: 70_000,
    });
    await create(gpuPod(NAMESPACE, 'first', gpuSpec(2)));
    await eventually('the pod is bound', () => bound('first'));
    expect((await podNamed('first')).metadata.finalizers).toContain('gpuoptimizer.io/metering');
  });

  it('killed with -9 it comes back in its pod and goes on planning and metering', async () => {
    const before = await operatorPod();
    expect(killInPod(before.metadata.uid ?? '')).toBe(1);
    await create(gpuPod(NAMESPACE, 'after-kill', gpuSpec(1)));
    await eventually('the pod of the meantime is bound', () => bound('after-kill'), 90_000);
    const after = await operatorPod();
    expect(after.metadata.uid).toBe(before.metadata.uid);
    expect(after.status?.containerStatuses?.[0]?.restartCount).toBe(1);
  });

  it('its pod deleted, another takes over the volume and goes on', async () => {
    const before = await operatorPod();
    await cluster.kubectl(['delete', 'pod', '-n', SYSTEM, before.metadata.name ?? '', '--timeout=60s']);
    await create(gpuPod(NAMESPACE, 'after-delete', gpuSpec(1)));
    await eventually('the pod of the meantime is bound', () => bound('after-delete'), 90_000);
    const after = await eventually('the new pod is Ready', ready);
    expect(after.metadata.uid).not.toBe(before.metadata.uid);
    const usage = [...GPUOPT, 'usage', 'show', '--tenant', 'acme', '--server', 'http://127.0.0.1:8081', '--json'];
    await eventually('usage from before the restarts is there', async () => {
      const { stdout } = await cluster.tryKubectl(['exec', '-n', SYSTEM, 'deploy/gpuopt', '--', ...usage]);
      const meters: readonly { quantity: string }[] = stdout === '' ? [] : JSON.parse(stdout).meters;
      return meters.some(({ quantity }) => BigInt(quantity) > 0n) ? true : undefined;
    });
  });

  it('while it is down, the switch in docs/operations.md lets gated pods and new ones go without it', async () => {
    await cluster.kubectl(['scale', '-n', SYSTEM, 'deployment/gpuopt', '--replicas=0']);
    await eventually('the operator is gone', async () => {
      const pods = await cluster.kubectl(['get', 'pods', '-n', SYSTEM, '-o', 'name']);
      return pods.trim() === '' ? true : undefined;
    });
    await create(gpuPod(NAMESPACE, 'gated', gpuSpec(1)));
    expect((await podNamed('gated')).spec?.schedulingGates).toEqual([{ name: 'gpuoptimizer.io/plan' }]);
    const { code, stderr } = await inShell(cluster, documentedBlock('If the operator is down'));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    await eventually('the gated pod is bound by kube-scheduler', () => bound('gated'));
    // The API server takes a moment to forget a policy.
    await eventually('new pods are not gated', async () => {
      const input = JSON.stringify(gpuPod(NAMESPACE, 'ungated', gpuSpec(1)));
      const made: Pod = JSON.parse(
        await cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input }),
      );
      return made.spec?.schedulingGates === undefined ? true : undefined;
    });
    await create(gpuPod(NAMESPACE, 'ungated', gpuSpec(1)));
    await eventually('a new pod is bound too', () => bound('ungated'));
    await cluster.kubectl(['apply', '--server-side', '-k', join(root, 'config/policies')]);
    await cluster.kubectl(['scale', '-n', SYSTEM, 'deployment/gpuopt', '--replicas=1']);
    await eventually('the operator is Ready again', ready);
  });

  it('uninstalled as docs/operations.md says, it leaves running pods alone and deletable', async () => {
    const running = await podNamed('first');
    await create(gpuPod(NAMESPACE, 'waits', gpuSpec(1, { nodeSelector: { 'gpuoptimizer.io/scenario': 'nowhere' } })));
    expect((await podNamed('waits')).spec?.schedulingGates).toHaveLength(1);
    const { code, stderr } = await inShell(cluster, documentedBlock('Uninstall'));
    expect({ code, stderr }).toMatchObject({ code: 0 });
    const now = await podNamed('first');
    expect(now.metadata.uid).toBe(running.metadata.uid);
    expect(now.metadata.deletionTimestamp).toBeUndefined();
    expect(now.status?.phase).toBe('Running');
    expect(now.metadata.finalizers ?? []).not.toContain('gpuoptimizer.io/metering');
    expect((await podNamed('waits')).spec?.schedulingGates).toBeUndefined();
    const left = await cluster.tryKubectl(['get', 'crd,clusterrole,mutatingadmissionpolicy', '-o', 'name']);
    expect(left.stdout.split('\n').filter((name) => name.includes('gpuopt'))).toEqual([]);
    await cluster.kubectl(['delete', 'pod', 'first', 'waits', '-n', NAMESPACE, '--timeout=30s']);
  });
});
