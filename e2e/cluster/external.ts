import { delimiter } from 'node:path';

import { kubectlFolder } from './built.ts';
import { findProgram } from './commands.ts';
import { kubectl } from './kubectl.ts';
import type { Progress } from './progress.ts';
import type { ClusterRecord, RealNode } from './state.ts';

const ASK_LIMIT_MS = 15_000;

/** Takes the cluster of a kubeconfig as it is: nothing is installed on it, and no node is played. */
export async function attachExternal(kubeconfig: string, progress: Progress): Promise<ClusterRecord> {
  const access = { kubeconfig: kubeconfig.split(delimiter)[0] ?? kubeconfig, kubectl: await anyKubectl(progress) };
  const version: { serverVersion: { gitVersion: string } } = JSON.parse(
    await kubectl(access, ['version', '-o', 'json'], { timeoutMs: ASK_LIMIT_MS }),
  );
  const server = await kubectl(access, ['config', 'view', '--minify', '-o=jsonpath={.clusters[0].cluster.server}']);
  return {
    kind: 'external',
    version: version.serverVersion.gitVersion,
    apiServer: server.trim(),
    kubeconfig: access.kubeconfig,
    realNode: await labelledNode(access),
    fakeNodes: false,
    kubectl: access.kubectl,
    ports: {},
    startedAt: new Date().toISOString(),
  };
}

async function labelledNode(access: Pick<ClusterRecord, 'kubeconfig' | 'kubectl'>): Promise<RealNode> {
  const name = await kubectl(access, [
    'get',
    'nodes',
    '-l=gpuoptimizer.io/real=true',
    '-o=jsonpath={.items[*].metadata.name}',
  ]);
  const first = name.trim().split(' ')[0];
  if (first) return { name: first };
  return { skipped: 'no node of KUBECONFIG_E2E has the label; kubectl label node NAME gpuoptimizer.io/real=true' };
}

async function anyKubectl(progress: Progress): Promise<string> {
  const found = findProgram('kubectl');
  return found === undefined ? await kubectlFolder(progress) : found.slice(0, found.lastIndexOf('/'));
}
