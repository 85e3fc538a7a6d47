/**
 * The fake API server of the unit tests is worth what it shares with the real one. Both are asked the same questions: the
 * real one's answers are recorded beside the fake, and compared here, so that another version of Kubernetes shows what
 * it does differently. To record anew: GPUOPT_RECORD=1 make test-scenarios FILES=e2e/scenarios/fake.test.ts
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadCluster } from '../../operator/runtime/index.ts';
import {
  conversationCrd,
  conversations,
  namespaceOf,
  play,
  readRecorded,
  writeRecorded,
} from '../../operator/runtime/testing/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';

let cluster: Cluster;
let address: Awaited<ReturnType<typeof loadCluster>>;

const apply = (...items: readonly object[]): Promise<string> =>
  cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], {
    input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  });

beforeAll(async () => {
  cluster = await acquireCluster({ realNode: false });
  address = await loadCluster({ kubeconfig: cluster.kubeconfig });
  const namespaces = conversations.map((one) => ({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespaceOf(one) },
  }));
  await apply(conversationCrd, ...namespaces);
  await cluster.kubectl(['wait', '--for=condition=Established', `crd/${conversationCrd.metadata.name}`]);
  for (const one of conversations) {
    await cluster.kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', namespaceOf(one), '--timeout=60s']);
  }
});

afterAll(async () => {
  const namespaces = conversations.map((one) => `ns/${namespaceOf(one)}`);
  const crd = `crd/${conversationCrd.metadata.name}`;
  // The CRD goes first: it takes finalizers of toys that a broken conversation may have left.
  await cluster.kubectl(['delete', crd, ...namespaces, '--ignore-not-found', '--wait=false']);
  await cluster.release();
});

test.each(conversations)('the real API server answers as recorded: $name', async (conversation) => {
  const lines = await play(conversation, address);
  if (process.env.GPUOPT_RECORD !== undefined) {
    await writeRecorded(conversation, { server: cluster.record.version, lines });
  }
  expect(lines).toEqual((await readRecorded(conversation)).lines);
});
