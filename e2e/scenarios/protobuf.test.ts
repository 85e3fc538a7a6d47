/**
 * Built-in kinds travel as protobuf. The real API server is asked for the same objects in both forms, in pages, as a
 * streamed list and as changes: what is in the cache is the same.
 */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import * as kube from '../../operator/kube/index.ts';
import { type Kind, type KubeObject, loadCluster } from '../../operator/runtime/index.ts';
import { type Following, follow, until } from '../../operator/runtime/testing/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import {
  NAMESPACE,
  NODE,
  others,
  PRIORITY,
  priority,
  richJob,
  richNode,
  richNodeStatus,
  richPod,
  richPodStatus,
} from './protobuf/rich.ts';

let cluster: Cluster;
let address: Awaited<ReturnType<typeof loadCluster>>;
const followed: Following<KubeObject>[] = [];
const patience = 30_000;

const apply = (...items: readonly object[]): Promise<string> =>
  cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });
const patch = (target: readonly string[], body: object): Promise<string> =>
  cluster.kubectl(['patch', ...target, '--type=merge', '-p', JSON.stringify(body)]);
const bound = {
  ...richPod,
  metadata: { name: 'bound', namespace: NAMESPACE, finalizers: ['example.com/kept'] },
  spec: { nodeName: NODE, tolerations: [{ operator: 'Exists' }], containers: [{ name: 'c', image: 'none' }] },
};

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  address = await loadCluster({ kubeconfig: cluster.kubeconfig });
  await apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: NAMESPACE, labels: { rich: 'yes' } },
  });
  await cluster.kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', NAMESPACE, '--timeout=60s']);
  await apply(priority, richNode);
  await apply(richPod, bound, richJob, ...others);
  await patch(['node', NODE, '--subresource=status'], { status: richNodeStatus });
  await patch(['pod', 'rich', '-n', NAMESPACE, '--subresource=status'], { status: richPodStatus });
  await cluster.kubectl(['delete', 'pod', 'bound', '-n', NAMESPACE, '--wait=false']);
});

afterEach(async () => {
  await Promise.all(followed.splice(0).map(({ stop }) => stop()));
});

afterAll(async () => {
  // Whatever the setup came to: pods with finalizers, or on a node without a kubelet, would keep the namespace.
  for (const name of ['rich', 'bound']) {
    const freed = '{"metadata":{"finalizers":null}}';
    await cluster.tryKubectl(['patch', 'pod', name, '-n', NAMESPACE, '--type=merge', '-p', freed]);
  }
  await cluster.tryKubectl(['delete', 'pods', '--all', '-n', NAMESPACE, '--grace-period=0', '--force']);
  const wide = [`ns/${NAMESPACE}`, `node/${NODE}`, `priorityclass/${PRIORITY}`];
  await cluster.kubectl(['delete', ...wide, '--ignore-not-found', '--wait=false']);
  await cluster.release();
});

function start(kind: Kind<KubeObject>, options?: Parameters<typeof follow>[2]): Following<KubeObject> {
  const following = follow(address, kind, options);
  followed.push(following);
  return following;
}

/** The test's own objects by name; whatever else is on the cluster changes at any time. */
function ownOf({ list }: Following<KubeObject>): Readonly<Record<string, KubeObject>> {
  const own = list().filter(({ metadata: { name, namespace } }) =>
    [namespace, name].some((one) => one === NAMESPACE || one === NODE),
  );
  return Object.fromEntries(own.map((object) => [object.metadata.name, object]));
}

/** Waits until both have seen the same versions, and compares them as the text that JSON would be. */
async function same(
  binary: Following<KubeObject>,
  json: Following<KubeObject>,
): Promise<Readonly<Record<string, KubeObject>>> {
  const versions = (one: Following<KubeObject>): string =>
    Object.entries(ownOf(one))
      .map(([name, { metadata }]) => `${name}@${metadata.resourceVersion}`)
      .sort()
      .join();
  await Promise.all([binary.synced, json.synced]);
  await until('both are as far', async () => versions(binary) === versions(json), patience);
  const [found, wanted] = [binary, json].map(
    (one): Readonly<Record<string, KubeObject>> => JSON.parse(JSON.stringify(ownOf(one))),
  );
  expect(found).toEqual(wanted);
  return found ?? {};
}

const rows: readonly { readonly kind: Kind<KubeObject>; readonly objects: number; readonly target: string }[] = [
  { kind: kube.Pod, objects: 2, target: 'pod/rich' },
  { kind: kube.Node, objects: 1, target: `node/${NODE}` },
  { kind: kube.Namespace, objects: 1, target: `ns/${NAMESPACE}` },
  { kind: kube.Job, objects: 1, target: 'job/rich' },
  { kind: kube.Lease, objects: 2, target: 'lease/rich' },
  { kind: kube.ConfigMap, objects: 3, target: 'configmap/rich' },
  { kind: kube.PodDisruptionBudget, objects: 2, target: 'pdb/rich' },
];

describe.each(rows)('$kind.kind', ({ kind, objects, target }) => {
  const inJson = { ...kind, protobuf: undefined };

  test.each([{ pages: true }, { pages: false }])('is the same in both forms, in pages: $pages', async ({ pages }) => {
    const [binary, json] = [start(kind, { pages }), start(inJson, { pages })];
    const found = await same(binary, json);
    expect(Object.keys(found)).toHaveLength(objects);
    expect(binary.contentTypes[0]).toMatch(/^application\/vnd\.kubernetes\.protobuf/);
    expect(json.contentTypes[0]).toMatch(/^application\/json/);
    const text = `changed ${pages}`;
    await patch([target, '-n', NAMESPACE], { metadata: { annotations: { text } } });
    const seen = async (): Promise<boolean> =>
      Object.values(ownOf(binary)).some(({ metadata }) => metadata.annotations?.text === text);
    await until('the change arrives', seen, patience);
    await same(binary, json);
  });
});

test('a kind without a table travels as JSON', async () => {
  const { CustomResourceDefinition } = kube;
  const crds = start(CustomResourceDefinition);
  await crds.synced;
  expect(crds.contentTypes.every((type) => type.startsWith('application/json'))).toBe(true);
});

test('what the server refuses, it refuses in words', async () => {
  const pods = start(kube.Pod, { query: { fieldSelector: 'spec.nowhere=1' } });
  await until('the refusal', async () => pods.error() !== undefined, patience);
  expect(pods.error()).toMatchObject({
    code: 'Invalid',
    status: 400,
    message: expect.stringContaining('spec.nowhere'),
  });
});
