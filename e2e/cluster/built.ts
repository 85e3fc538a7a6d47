import { mkdir } from 'node:fs/promises';

import { buildAll, programsOf } from './binaries.ts';
import { ClusterError } from './cluster-error.ts';
import { startControlPlane, startKwok } from './control-plane.ts';
import { apiServerUrl, type ControlPlaneLayout, controlPlanePorts } from './control-plane-arguments.ts';
import { takeLock } from './lock.ts';
import { joinMachine } from './machine.ts';
import { KUBERNETES_VERSION, type ModuleName } from './modules.ts';
import { chooseNetwork, freePorts, takenRanges } from './network.ts';
import { createNodeLink, whyNoRealNode } from './node-link.ts';
import type { Progress } from './progress.ts';
import { startRealNode } from './real-node.ts';
import { type ClusterRecord, clusterId, type RealNode } from './state.ts';

/** What a start may leave out. */
export interface StartOptions {
  /** Whether to bring up the node on which containers truly run; where that cannot be, the reason is recorded. */
  readonly realNode: boolean;
}

const CONTROL_PLANE: readonly ModuleName[] = ['certs', 'etcd', 'kubernetes', 'kwok'];
const REAL_NODE: readonly ModuleName[] = ['pause', 'containerd', 'cni'];

/** Builds whatever this machine has not built yet: everything that `start` with these options will run. */
export async function buildPrograms(options: StartOptions, progress: Progress): Promise<void> {
  await buildAll(options.realNode ? [...CONTROL_PLANE, ...REAL_NODE] : CONTROL_PLANE, progress);
}

/** Starts the cluster that is made of our own builds. The caller holds the lock of the state folder. */
export async function startBuilt(folder: string, options: StartOptions, progress: Progress): Promise<ClusterRecord> {
  await mkdir(folder, { recursive: true, mode: 0o755 });
  if (options.realNode && process.getuid?.() === 0) await joinMachine(folder);
  const missing = options.realNode ? await whyNoRealNode(folder, progress) : 'not asked for (--no-real-node)';
  const real = missing === undefined;
  await buildPrograms({ realNode: real }, progress);

  const layout = await layOut(folder, real);
  const kubeconfig = await startControlPlane(layout, progress);
  await startKwok(folder, kubeconfig, layout.ports.kwok, layout.network, progress);
  const realNode: RealNode = real ? await startRealNode(layout, kubeconfig, progress) : { skipped: missing };
  return {
    kind: 'built',
    version: KUBERNETES_VERSION,
    apiServer: apiServerUrl(layout),
    kubeconfig,
    hostAddress: real ? layout.network.hostAddress : '127.0.0.1',
    realNode,
    fakeNodes: true,
    kubectl: await kubectlFolder(progress),
    ports: layout.ports,
    network: layout.network,
    startedAt: new Date().toISOString(),
  };
}

/** The folder with the kubectl that was built. */
export async function kubectlFolder(progress: Progress): Promise<string> {
  return await programsOf('kubernetes', progress);
}

/** Chooses addresses and makes the real node's link at once, so that two starts never choose the same. */
async function layOut(folder: string, real: boolean): Promise<ControlPlaneLayout> {
  const lock = await takeLock('network', 'choosing addresses for a cluster', { wait: true });
  try {
    const network = chooseNetwork(await takenRanges(), clusterId(folder));
    if (real) await createNodeLink(clusterId(folder), network);
    const ports = await freePorts(controlPlanePorts);
    return { folder, network, bindAddress: real ? network.hostAddress : '127.0.0.1', ports };
  } catch (cause) {
    if (cause instanceof ClusterError) throw cause;
    throw new ClusterError('StartFailed', `cannot lay out the cluster's network: ${String(cause)}`, { cause });
  } finally {
    await lock.release();
  }
}
