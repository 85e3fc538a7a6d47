import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { stringify } from 'yaml';
import type { Pod } from '../../operator/kube/index.ts';
import { runCommand } from '../cluster/commands.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { installAsPod } from '../demo/install.ts';
import { buildProjectImage, PROJECT_IMAGE } from '../image/project.ts';
import { gpuPod, gpuSpec, namespaceNamed } from './gpu/objects.ts';
import { eventually } from './gpu/operator.ts';
import { documentedBlock, inShell, root } from './install/shell.ts';

const SYSTEM = 'gpuopt-system';
const NAMESPACE = 'webhooks-install';
const GATE = 'gpuoptimizer.io/plan';
/** The kubelet brings a changed Secret to a pod within its sync period, and a little more on a busy machine. */
const SECRET_MS = 180_000;

let cluster: Cluster;
let folder: string;
let skipped: string | undefined;

const gates = async (): Promise<readonly string[]> => {
  const input = JSON.stringify(gpuPod(NAMESPACE, 'probe', gpuSpec(1)));
  const answer = await cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input });
  const made: Pod = JSON.parse(answer);
  return (made.spec?.schedulingGates ?? []).map(({ name }) => name);
};
const issue = async (): Promise<void> => {
  const block = `cd '${folder}'\n${documentedBlock('Certificates without cert-manager')}`;
  const { code, stderr } = await inShell(cluster, block);
  expect(code, stderr).toBe(0);
};
const log = (): Promise<string> => cluster.kubectl(['logs', '-n', SYSTEM, 'deployment/gpuopt']);

/** config/default as the install scenario has it, with the components of config/webhooks over it. */
async function installWithWebhooks(): Promise<void> {
  await installAsPod(cluster.kubectl, { folder, settings: {} });
  const place = join(folder, 'with-webhooks');
  await mkdir(place, { recursive: true });
  const components = ['webhooks', 'webhooks/guards'].map((name) => relative(place, join(root, 'config', name)));
  await writeFile(join(place, 'kustomization.yaml'), stringify({ resources: ['../install'], components }));
  await cluster.kubectl(['delete', '-k', join(root, 'config/policies')]);
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-k', place], { timeoutMs: 120_000 });
}

beforeAll(async () => {
  cluster = await acquireCluster();
  if ('skipped' in cluster.realNode) {
    skipped = cluster.realNode.skipped;
    return;
  }
  folder = await mkdtemp(join(tmpdir(), 'gpuopt-webhooks-'));
  // A control plane reaches the Services of its cluster; that of the small cluster stands beside its only node.
  const { network } = cluster.record;
  if (network !== undefined)
    await runCommand(['ip', 'route', 'replace', network.serviceRange, 'via', network.nodeAddress]);
  const { archive } = await buildProjectImage(join(root, 'dist'));
  await cluster.loadImage({ name: PROJECT_IMAGE, archive });
  const input = JSON.stringify(namespaceNamed(NAMESPACE, { 'gpuoptimizer.io/managed': 'true' }));
  await cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
  await installWithWebhooks();
});

afterAll(async () => {
  if (skipped === undefined) {
    const configurations = ['mutatingwebhookconfiguration/gpuopt', 'validatingwebhookconfiguration/gpuopt'];
    await cluster.tryKubectl(['delete', '--ignore-not-found', ...configurations]);
    await cluster.tryKubectl(['delete', '-k', join(root, 'config/default'), '--ignore-not-found'], {
      timeoutMs: 180_000,
    });
    await cluster.tryKubectl(['delete', '--ignore-not-found', 'pv/gpuopt-data', `ns/${NAMESPACE}`], {
      timeoutMs: 60_000,
    });
    await rm(folder, { recursive: true, force: true });
  }
  await cluster.release();
});

describe('config/webhooks on a real node', () => {
  beforeEach((ctx: TestContext) => {
    if (skipped !== undefined) ctx.skip(`no pod can run here: ${skipped}`);
  });

  it('waits for its certificate, and is Ready with it', async () => {
    await issue();
    await cluster.kubectl(['rollout', 'status', '-n', SYSTEM, 'deployment/gpuopt', '--timeout=180s'], {
      timeoutMs: 190_000,
    });
    expect(await log()).toContain('"msg":"serving webhooks"');
  });

  it('gates a pod through its Service', async () => {
    expect(await eventually('the API server asks', () => gates().catch(() => undefined))).toEqual([GATE]);
  });

  it('takes a renewed certificate into use without a restart, and no pod is refused meanwhile', async () => {
    await issue();
    let asked = 0;
    await eventually(
      'the new certificate is in use',
      async () => {
        expect(await gates()).toEqual([GATE]);
        asked += 1;
        return (await log()).includes('webhooks have a new certificate') ? true : undefined;
      },
      SECRET_MS,
    );
    expect(await gates()).toEqual([GATE]);
    expect(asked).toBeGreaterThan(0);
  });

  it('gates again when its pod was replaced', async () => {
    await cluster.kubectl(['delete', 'pod', '-n', SYSTEM, '-l', 'app.kubernetes.io/name=gpuopt', '--timeout=90s'], {
      timeoutMs: 100_000,
    });
    expect(await eventually('the next one answers', () => gates().catch(() => undefined), 120_000)).toEqual([GATE]);
  });
});
