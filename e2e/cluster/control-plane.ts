import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { program } from './binaries.ts';
import { type CertificateRequest, issueCertificates, makeServiceAccountKey, writeKubeconfig } from './certificates.ts';
import {
  apiServerArguments,
  apiServerUrl,
  type ControlPlaneLayout,
  controllerManagerArguments,
  etcdArguments,
  kwokArguments,
  schedulerArguments,
} from './control-plane-arguments.ts';
import { isAlive, type ProcessSpec, startProcess } from './processes.ts';
import type { Progress } from './progress.ts';
import { apiServerReady, httpReady, waitUntilReady } from './readiness.ts';
import { stagesFile } from './stages.ts';
import type { ClusterNetwork } from './state.ts';

const READY_LIMIT_SECONDS = 120;
const START_ATTEMPTS = 3;
const RESTART_DELAY_MS = 1_000;

/** The certificates of the control plane; the groups are the ones Kubernetes' built-in roles are bound to. */
function certificates(layout: ControlPlaneLayout): readonly CertificateRequest[] {
  return [
    {
      name: 'apiserver',
      commonName: 'kube-apiserver',
      dnsNames: [
        'localhost',
        'kubernetes',
        'kubernetes.default',
        'kubernetes.default.svc',
        'kubernetes.default.svc.cluster.local',
      ],
      ips: ['127.0.0.1', layout.network.hostAddress, layout.network.kubernetesService],
    },
    { name: 'apiserver-kubelet-client', commonName: 'kube-apiserver', organizations: ['system:masters'] },
    { name: 'admin', commonName: 'admin', organizations: ['system:masters'] },
    { name: 'controller-manager', commonName: 'system:kube-controller-manager' },
    { name: 'scheduler', commonName: 'system:kube-scheduler' },
    { name: 'kwok', commonName: 'kwok', organizations: ['system:masters'] },
  ];
}

/** Starts etcd, API server, controller manager and scheduler; returns the path of the admin's kubeconfig. */
export async function startControlPlane(layout: ControlPlaneLayout, progress: Progress): Promise<string> {
  const { folder } = layout;
  const url = apiServerUrl(layout);
  await issueCertificates(folder, certificates(layout), progress);
  await makeServiceAccountKey(folder);
  for (const name of ['controller-manager', 'scheduler', 'kwok']) {
    await writeKubeconfig(folder, name, url, { certificate: name });
  }
  const admin = await writeKubeconfig(folder, 'admin', url, { certificate: 'admin' });

  await progress.step('etcd', { doing: 'starting', done: 'ready' }, async () => {
    const etcd = await startProcess(folder, {
      name: 'etcd',
      argv: [await program('etcd', 'etcd', progress), ...etcdArguments(layout)],
    });
    const health = `http://127.0.0.1:${layout.ports.etcdClient}/readyz`;
    await waitUntilReady(etcd, READY_LIMIT_SECONDS, () => httpReady(health));
  });
  await progress.step('apiserver', { doing: 'starting', done: 'ready' }, async () => {
    const argv = [await program('kubernetes', 'kube-apiserver', progress), ...apiServerArguments(layout)] as const;
    await startApiServer(folder, url, { name: 'apiserver', argv: [...argv] });
  });
  await startProcess(folder, {
    name: 'controller-manager',
    argv: [await program('kubernetes', 'kube-controller-manager', progress), ...controllerManagerArguments(layout)],
  });
  await startProcess(folder, {
    name: 'scheduler',
    argv: [await program('kubernetes', 'kube-scheduler', progress), ...schedulerArguments(layout)],
  });
  return admin;
}

/**
 * Starts the API server and waits until it is ready. It ends itself when a check of its start does not pass in time,
 * counting on a kubelet to start it again; so it is started again here. Fails with its last words when that is in vain.
 */
export async function startApiServer(folder: string, url: string, spec: ProcessSpec): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const apiserver = await startProcess(folder, spec);
    try {
      return await waitUntilReady(apiserver, READY_LIMIT_SECONDS, () => apiServerReady(folder, url));
    } catch (error) {
      if (attempt === START_ATTEMPTS || isAlive(apiserver)) throw error;
      await delay(RESTART_DELAY_MS);
    }
  }
}

/** Starts KWOK with our stages against the cluster of a kubeconfig. */
export async function startKwok(
  folder: string,
  kubeconfig: string,
  port: number,
  network: Pick<ClusterNetwork, 'fakePodRange'>,
  progress: Progress,
): Promise<void> {
  await writeFile(join(folder, 'stages.yaml'), stagesFile());
  const binary = await program('kwok', 'kwok', progress);
  await progress.step('kwok', { doing: 'starting', done: 'ready' }, async () => {
    const kwok = await startProcess(folder, {
      name: 'kwok',
      argv: [binary, ...kwokArguments(folder, kubeconfig, port, network.fakePodRange)],
    });
    await waitUntilReady(kwok, READY_LIMIT_SECONDS, () => httpReady(`http://127.0.0.1:${port}/healthz`));
  });
}
