import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../operator/kube/index.ts';
import { tryCommand } from '../cluster/commands.ts';
import { gpuNode, gpuPod, gpuSpec, namespaceNamed } from './gpu/objects.ts';
import { eventually, gpuopt } from './gpu/operator.ts';
import { type GpuWorld, gpuWorld } from './gpu/world.ts';

const NAMESPACE = 'gates';
const OTHER = 'gates-other';
const SCENARIO = 'gates';
const GATE = 'gpuoptimizer.io/plan';
const node = gpuNode(SCENARIO, 'gates-a');

let world: GpuWorld;

// The operator is never started: the switch is for when it is down.
beforeAll(async () => {
  world = await gpuWorld();
  await world.addNodes(node);
  const managed = { 'gpuoptimizer.io/managed': 'true' };
  await world.send(['apply', '--server-side'], namespaceNamed(NAMESPACE, managed), namespaceNamed(OTHER, managed));
  await eventually('pods are gated', async () => {
    const input = JSON.stringify(podNamed('probe'));
    const made: Pod = JSON.parse(
      await world.cluster.kubectl(['create', '--dry-run=server', '-o', 'json', '-f', '-'], { input }),
    );
    return gatesOf(made).length > 0 ? true : undefined;
  });
});

afterAll(async () => {
  await world?.end({ namespaces: [NAMESPACE, OTHER], objects: ['node/gates-a'] });
});

const podNamed = (name: string, namespace = NAMESPACE, gates: readonly string[] = []): Pod =>
  gpuPod(
    namespace,
    name,
    gpuSpec(1, {
      nodeSelector: { 'gpuoptimizer.io/scenario': SCENARIO },
      schedulingGates: gates.map((each) => ({ name: each })),
    }),
  );

const gatesOf = ({ spec }: Pod): readonly string[] => (spec?.schedulingGates ?? []).map(({ name }) => name);

const gated = async (namespace = NAMESPACE): Promise<readonly string[]> =>
  (await world.pods(namespace)).flatMap((pod) => (gatesOf(pod).includes(GATE) ? [pod.metadata.name ?? ''] : [])).sort();

const release = (args: readonly string[], kubeconfig = world.cluster.kubeconfig) =>
  tryCommand([gpuopt, 'gates', 'release', '--kubeconfig', kubeconfig, ...args]);

describe('gpuopt gates release, with no operator', () => {
  it('releases the pods of one namespace, and before that says which', async () => {
    await world.send(
      ['create'],
      podNamed('one'),
      podNamed('two', NAMESPACE, ['example.com/wait']),
      podNamed('elsewhere', OTHER),
    );
    expect(await gated()).toEqual(['one', 'two']);
    const dry = await release(['-n', NAMESPACE, '--dry-run', '--json']);
    expect(JSON.parse(dry.stdout)).toMatchObject({ dryRun: true, counts: { 'would-release': 2, released: 0 } });
    expect(await gated()).toEqual(['one', 'two']);
    const done = await release(['-n', NAMESPACE]);
    expect(done).toMatchObject({ code: 0 });
    expect(done.stdout).toContain('still held by example.com/wait');
    expect(await gated()).toEqual([]);
    expect(await gated(OTHER)).toEqual(['elsewhere']);
    await eventually('kube-scheduler places it', async () => {
      const pod = await world.get<Pod>('pod', 'one', '-n', NAMESPACE);
      return pod.spec?.nodeName === 'gates-a' ? true : undefined;
    });
    expect(gatesOf(await world.get<Pod>('pod', 'two', '-n', NAMESPACE))).toEqual(['example.com/wait']);
  });

  it('is refused to who may edit pods and not release them, pod by pod', async () => {
    const { kubectl, kubeconfigForServiceAccount } = world.cluster;
    await kubectl(['create', 'serviceaccount', 'editor', '-n', OTHER]);
    await kubectl([
      'create',
      'clusterrolebinding',
      'gates-editor',
      '--clusterrole=edit',
      `--serviceaccount=${OTHER}:editor`,
    ]);
    try {
      const editor = await kubeconfigForServiceAccount(OTHER, 'editor');
      const refused = await release(['-n', OTHER, '--json'], editor);
      expect(refused.code).toBe(1);
      const [pod] = JSON.parse(refused.stdout).pods;
      expect(pod).toMatchObject({ name: 'elsewhere', result: 'refused' });
      expect(pod.message).toContain('ask for the ClusterRole gpuopt-release');
      expect(await gated(OTHER)).toEqual(['elsewhere']);
    } finally {
      await kubectl(['delete', 'clusterrolebinding', 'gates-editor']);
    }
  });

  it('releases all, and says nothing twice', async () => {
    const all = JSON.parse((await release(['--all', '--json'])).stdout);
    expect(all.pods).toContainEqual(
      expect.objectContaining({ namespace: OTHER, name: 'elsewhere', result: 'released' }),
    );
    expect(await gated(OTHER)).toEqual([]);
    expect(JSON.parse((await release(['--all', '--json'])).stdout).pods).toEqual([]);
  });
});
