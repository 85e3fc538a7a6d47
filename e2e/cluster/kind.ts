import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';

import { kubectlFolder, type StartOptions } from './built.ts';
import { findProgram, runCommand, tryCommand } from './commands.ts';
import { startKwok } from './control-plane.ts';
import { kubectl } from './kubectl.ts';
import { freePorts } from './network.ts';
import type { Progress } from './progress.ts';
import { type ClusterRecord, clusterId } from './state.ts';

const DOCKER_ANSWER_MS = 5_000;
const CREATE_LIMIT_MS = 600_000;
// kind's own pods use 10.244.0.0/16; fake pods get addresses away from it.
const FAKE_PODS = '10.250.0.0/16';

/** Whether kind is installed and a Docker daemon answers. */
export async function kindAvailable(): Promise<boolean> {
  const docker = findProgram('docker');
  if (docker === undefined || findProgram('kind') === undefined) return false;
  return (await tryCommand([docker, 'info'], { timeoutMs: DOCKER_ANSWER_MS })).code === 0;
}

/** Starts a kind cluster of our own name, with KWOK beside it; its one node is the real one. */
export async function startKind(folder: string, options: StartOptions, progress: Progress): Promise<ClusterRecord> {
  await mkdir(folder, { recursive: true });
  const name = kindName(folder);
  const kubeconfig = join(folder, 'kubeconfigs', 'admin.kubeconfig');
  await progress.step('kind', { doing: 'creating the cluster', done: 'created', usualSeconds: 60 }, () =>
    runCommand(['kind', 'create', 'cluster', '--name', name, '--kubeconfig', kubeconfig, '--wait', '5m'], {
      timeoutMs: CREATE_LIMIT_MS,
    }),
  );
  const access = { kubeconfig, kubectl: await kubectlFolder(progress) };
  const ports = await freePorts(['kwok']);
  await startKwok(folder, kubeconfig, ports.kwok, { fakePodRange: FAKE_PODS }, progress);
  const node = `${name}-control-plane`;
  await kubectl(access, ['label', 'node', node, 'gpuoptimizer.io/real=true', '--overwrite']);
  const version: { serverVersion: { gitVersion: string } } = JSON.parse(await kubectl(access, ['version', '-o=json']));
  const server = await kubectl(access, ['config', 'view', '--minify', '-o=jsonpath={.clusters[0].cluster.server}']);
  return {
    kind: 'kind',
    version: version.serverVersion.gitVersion,
    apiServer: server.trim(),
    kubeconfig,
    hostAddress: await gatewayOfKind(),
    realNode: options.realNode ? { name: node } : { skipped: 'not asked for (--no-real-node)' },
    fakeNodes: true,
    kubectl: access.kubectl,
    ports,
    startedAt: new Date().toISOString(),
  };
}

/** Deletes the kind cluster of a state folder if there is one. */
export async function deleteKind(folder: string, progress: Progress): Promise<void> {
  if (!(await kindAvailable())) return;
  const names = (await runCommand(['kind', 'get', 'clusters'])).split('\n');
  if (!names.includes(kindName(folder))) return;
  await runCommand(['kind', 'delete', 'cluster', '--name', kindName(folder)], { timeoutMs: CREATE_LIMIT_MS });
  progress.say('kind', 'deleted');
}

/** Gives an image archive to the kind cluster of a state folder. */
export async function loadIntoKind(folder: string, archive: string): Promise<void> {
  await runCommand(['kind', 'load', 'image-archive', archive, '--name', kindName(folder)], {
    timeoutMs: CREATE_LIMIT_MS,
  });
}

function kindName(folder: string): string {
  return `gpuopt-${clusterId(folder)}`;
}

/** The address of this machine on kind's Docker network. */
async function gatewayOfKind(): Promise<string | undefined> {
  const said = await runCommand([
    'docker',
    'network',
    'inspect',
    'kind',
    '--format={{range .IPAM.Config}}{{.Gateway}} {{end}}',
  ]);
  return said.split(/\s+/).find((address) => /^\d+\.\d+\.\d+\.\d+$/.test(address));
}
