import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cluster } from '../cluster/index.ts';
import { isAlive, type ProcessRecord, startProcess } from '../cluster/processes.ts';
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
/** A demo may be left running over a holiday; a pod's token would be renewed by its kubelet, this one is not. */
const TOKEN_HOURS = 24 * 30;

/** A file or a command that shows the operator's log, also before it has started. */
export function operatorLogOf({ realNode, kubeconfig, record }: Cluster, folder: string): string {
  if ('skipped' in realNode) return join(folder, 'logs', 'operator.log');
  return `${join(record.kubectl, 'kubectl')} --kubeconfig=${kubeconfig} logs -n ${NAMESPACE} deployment/gpuopt`;
}

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
  const forward = await startProcess(folder, {
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
  await answering(`${server}/api/v1/usage?tenant=none`, forward);
  return { mode: 'pod', server, log: operatorLogOf(cluster, folder) };
}

async function startLocal(cluster: Cluster, folder: string, settings: OperatorSettings): Promise<RunningOperator> {
  await installForProcess(cluster.kubectl, { folder, settings });
  const kubeconfig = await cluster.kubeconfigForServiceAccount(NAMESPACE, 'gpuopt', TOKEN_HOURS);
  const [metrics, api, jobs] = [await freePort(), await freePort(), await freePort()];
  const operator = await startProcess(folder, {
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
  await answering(`${server}/api/v1/usage?tenant=none`, operator);
  return { mode: 'process', server, log: operator.log };
}

/** Waits until a server answers at all; the answer itself does not matter. */
async function answering(url: string, server: ProcessRecord): Promise<void> {
  const until = Date.now() + READY_SECONDS * 1000;
  for (;;) {
    try {
      await fetch(url, { signal: AbortSignal.timeout(5_000) });
      return;
    } catch (cause) {
      if (!isAlive(server)) throw new Error(`${server.name} ended early: ${await lastLine(server.log)}`, { cause });
      if (Date.now() > until) throw new Error(`nothing answers at ${url}; see ${server.log}`, { cause });
      await delay(300);
    }
  }
}

async function lastLine(path: string): Promise<string> {
  const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
  return lines.at(-1) ?? '';
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
