import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/index.ts';
import { startProcess } from '../cluster/processes.ts';
import { root } from './context.ts';
import { installAsPod, installForProcess } from './install.ts';

/** A running operator. */
export interface RunningOperator {
  readonly mode: 'pod' | 'process';
  /** Where `gpuopt usage show --server` reaches it. */
  readonly server: string;
  /** Where to look when something is wrong. */
  readonly log: string;
}

/** What the operator is told besides where it runs; see `gpuopt run --help`. */
export type OperatorSettings = Readonly<Record<string, string>>;

const NAMESPACE = 'gpuopt-system';
const READY_SECONDS = 180;

/** Installs and starts the operator: as a pod where the cluster has a real node, else as a process of this machine. */
export async function startOperator(
  cluster: Cluster,
  folder: string,
  settings: OperatorSettings,
): Promise<RunningOperator> {
  return 'name' in cluster.realNode
    ? await startPod(cluster, folder, settings)
    : await startLocal(cluster, folder, settings);
}

async function startPod(cluster: Cluster, folder: string, settings: OperatorSettings): Promise<RunningOperator> {
  const { kubectl } = cluster;
  await installAsPod(kubectl, { folder, settings });
  await kubectl(['rollout', 'status', '-n', NAMESPACE, 'deployment/gpuopt', `--timeout=${READY_SECONDS}s`], {
    timeoutMs: (READY_SECONDS + 10) * 1000,
  });
  const port = await freePort();
  const { log } = await startProcess(folder, {
    name: 'port-forward',
    argv: [
      join(cluster.record.kubectl, 'kubectl'),
      `--kubeconfig=${cluster.kubeconfig}`,
      'port-forward',
      '-n',
      NAMESPACE,
      'deployment/gpuopt',
      `${port}:8081`,
    ],
  });
  const server = `http://127.0.0.1:${port}`;
  await answering(`${server}/api/v1/usage?tenant=none`, log);
  return { mode: 'pod', server, log: `kubectl logs -n ${NAMESPACE} deployment/gpuopt` };
}

async function startLocal(cluster: Cluster, folder: string, settings: OperatorSettings): Promise<RunningOperator> {
  await installForProcess(cluster.kubectl, { folder, settings });
  const kubeconfig = await cluster.kubeconfigForServiceAccount(NAMESPACE, 'gpuopt');
  const [metrics, api, jobs] = [await freePort(), await freePort(), await freePort()];
  const { log } = await startProcess(folder, {
    name: 'operator',
    argv: [join(root, 'operator/cli/gpuopt'), 'run'],
    env: {
      ...settings,
      GPUOPT_KUBECONFIG: kubeconfig,
      GPUOPT_NAMESPACE: NAMESPACE,
      GPUOPT_DATA_DIR: join(folder, 'store'),
      GPUOPT_METRICS_ADDRESS: `127.0.0.1:${metrics}`,
      GPUOPT_API_ADDRESS: `127.0.0.1:${api}`,
      GPUOPT_JOBS_ADDRESS: `127.0.0.1:${jobs}`,
      GPUOPT_JOBS_URL: `http://127.0.0.1:${jobs}`,
    },
  });
  const server = `http://127.0.0.1:${api}`;
  await answering(`${server}/api/v1/usage?tenant=none`, log);
  return { mode: 'process', server, log };
}

/** Waits until a server answers at all; the answer itself does not matter. */
async function answering(url: string, log: string): Promise<void> {
  const until = Date.now() + READY_SECONDS * 1000;
  for (;;) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(5_000) });
      return;
    } catch (cause) {
      if (Date.now() > until) throw new Error(`nothing answers at ${url}; see ${log}`, { cause });
      await delay(300);
    }
  }
}

/** A TCP port of the loopback address that is free now. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('this machine gives out no port');
  return address.port;
}
