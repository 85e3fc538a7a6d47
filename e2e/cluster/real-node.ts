import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { importImage } from '../image/load.ts';
import { pauseImage } from '../image/pause.ts';
import { program, programsOf } from './binaries.ts';
import { issueCertificates, writeKubeconfig } from './certificates.ts';
import { ClusterError } from './cluster-error.ts';
import { findProgram, tryCommand } from './commands.ts';
import { apiServerUrl, type ControlPlaneLayout } from './control-plane-arguments.ts';
import {
  cgroupRoot,
  cniConfig,
  containerdConfig,
  containerdSocket,
  kubeletConfig,
  kubeProxyConfig,
  type NodeLayout,
  nodePath,
  PAUSE_IMAGE,
} from './node-files.ts';
import { inNamespace, onOverlay } from './node-link.ts';
import { startProcess } from './processes.ts';
import type { Progress } from './progress.ts';
import { logTail, waitUntilReady } from './readiness.ts';
import { clusterId, type RealNode } from './state.ts';

/** The label that pods select to land on the real node. */
export const REAL_NODE_LABEL = 'gpuoptimizer.io/real=true';
const NODE_NAME = 'real-0';
const READY_LIMIT_SECONDS = 120;

/** Starts containerd, kubelet and kube-proxy in the node's network namespace and waits until the node is Ready. */
export async function startRealNode(
  plane: ControlPlaneLayout,
  kubeconfig: string,
  progress: Progress,
): Promise<RealNode> {
  const { folder, network } = plane;
  const id = clusterId(folder);
  await mkdir(nodePath(folder, 'run'), { recursive: true });
  const layout: NodeLayout = {
    folder,
    id,
    nodeName: NODE_NAME,
    network,
    runc: findProgram('runc') ?? 'runc',
    cniPrograms: await programsOf('cni', progress),
    snapshotter: onOverlay(folder) ? 'native' : 'overlayfs',
  };
  await writeFiles(layout, apiServerUrl(plane), progress);
  await progress.step('real node', { doing: 'starting', done: 'ready' }, async () => {
    await startContainerd(layout, progress);
    await importImage(
      { folder, name: PAUSE_IMAGE, archive: await pauseImage(folder, PAUSE_IMAGE, progress) },
      progress,
    );
    await makeCgroups(id);
    await startKubelet(layout, progress);
    await startProcess(folder, {
      name: 'kube-proxy',
      argv: inNamespace(id, [
        await program('kubernetes', 'kube-proxy', progress),
        `--config=${nodePath(folder, 'kube-proxy.json')}`,
      ]),
    });
    await waitUntilNodeReady(folder, kubeconfig, progress);
  });
  return { name: NODE_NAME };
}

async function writeFiles(layout: NodeLayout, url: string, progress: Progress): Promise<void> {
  const { folder, network, nodeName } = layout;
  await issueCertificates(
    folder,
    [
      {
        name: 'kubelet',
        commonName: `system:node:${nodeName}`,
        organizations: ['system:nodes'],
        dnsNames: [nodeName],
        ips: [network.nodeAddress],
      },
      { name: 'kube-proxy', commonName: 'system:kube-proxy' },
    ],
    progress,
  );
  await writeKubeconfig(folder, 'kubelet', url, { certificate: 'kubelet' });
  await writeKubeconfig(folder, 'kube-proxy', url, { certificate: 'kube-proxy' });
  await mkdir(nodePath(folder, 'cni'), { recursive: true });
  const files: readonly (readonly [string, string])[] = [
    ['containerd.toml', containerdConfig(layout)],
    ['cni/10-pods.conflist', JSON.stringify(cniConfig(layout), null, 2)],
    ['kubelet.json', JSON.stringify(kubeletConfig(layout), null, 2)],
    ['kube-proxy.json', JSON.stringify(kubeProxyConfig(layout), null, 2)],
    // Pods reach Services by address; there is no name server on this network to point them at.
    ['resolv.conf', 'options ndots:1 timeout:1 attempts:1\n'],
  ];
  for (const [name, text] of files) await writeFile(nodePath(folder, name), text);
}

async function startContainerd(layout: NodeLayout, progress: Progress): Promise<void> {
  const { folder, id } = layout;
  const programs = await programsOf('containerd', progress);
  const containerd = await startProcess(folder, {
    name: 'containerd',
    argv: inNamespace(id, [join(programs, 'containerd'), `--config=${nodePath(folder, 'containerd.toml')}`]),
    // containerd finds its shim on the PATH; ours comes before any that the system has.
    env: { PATH: `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin` },
  });
  await waitUntilReady(containerd, READY_LIMIT_SECONDS, async () => {
    if (!existsSync(containerdSocket(folder))) return false;
    return (await tryCommand([join(programs, 'ctr'), '-a', containerdSocket(folder), 'version'])).code === 0;
  });
}

/** The kubelet wants its parent cgroup to exist: in every v1 hierarchy, or in the single v2 one. */
async function makeCgroups(id: string): Promise<void> {
  const base = '/sys/fs/cgroup';
  if (existsSync(join(base, 'cgroup.controllers'))) {
    await mkdir(join(base, cgroupRoot(id)), { recursive: true });
    return;
  }
  const { stdout } = await tryCommand(['/bin/sh', '-c', `ls -d ${base}/*/`]);
  for (const hierarchy of stdout.split('\n').filter((line) => line !== '')) {
    if (!existsSync(join(hierarchy, 'cgroup.procs'))) continue;
    await mkdir(join(hierarchy, cgroupRoot(id)), { recursive: true });
  }
}

async function startKubelet(layout: NodeLayout, progress: Progress): Promise<void> {
  const { folder, id, network, nodeName } = layout;
  await startProcess(folder, {
    name: 'kubelet',
    argv: inNamespace(id, [
      await program('kubernetes', 'kubelet', progress),
      `--config=${nodePath(folder, 'kubelet.json')}`,
      `--kubeconfig=${join(folder, 'kubeconfigs', 'kubelet.kubeconfig')}`,
      `--root-dir=${nodePath(folder, 'kubelet')}`,
      `--cert-dir=${nodePath(folder, 'kubelet', 'pki')}`,
      `--hostname-override=${nodeName}`,
      `--node-ip=${network.nodeAddress}`,
      `--node-labels=${REAL_NODE_LABEL}`,
    ]),
    env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
  });
}

async function waitUntilNodeReady(folder: string, kubeconfig: string, progress: Progress): Promise<void> {
  const kubectl = await program('kubernetes', 'kubectl', progress);
  const path = '{.status.conditions[?(@.type=="Ready")].status}';
  const until = Date.now() + READY_LIMIT_SECONDS * 1000;
  for (;;) {
    const asked = await tryCommand([
      kubectl,
      `--kubeconfig=${kubeconfig}`,
      'get',
      'node',
      NODE_NAME,
      `-o=jsonpath=${path}`,
    ]);
    if (asked.stdout.trim() === 'True') return;
    if (Date.now() > until) {
      throw new ClusterError(
        'StartFailed',
        `the real node was not Ready within ${READY_LIMIT_SECONDS} s: ${logTail(join(folder, 'logs', 'kubelet.log'))}`,
      );
    }
    await delay(300);
  }
}
