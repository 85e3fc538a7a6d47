import { resolve } from 'node:path';
import { GATE } from '../../operator/scheduling/index.ts';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { down } from '../cluster/lifecycle.ts';
import { type Lock, takeLock } from '../cluster/lock.ts';
import { isAlive, readProcesses } from '../cluster/processes.ts';
import { type Progress, progressTo } from '../cluster/progress.ts';
import { stateFolder } from '../cluster/state.ts';
import { installForProcess } from '../demo/install.ts';
import { WHOLE } from '../fleet/groups.ts';
import { generateNodes } from '../fleet/nodes.ts';
import { fleetPools } from '../fleet/platform.ts';
import { generateUniformPods } from '../fleet/workload.ts';
import { type BenchApi, inParallel, openApi, until } from './api.ts';
import { BenchImpossible, BenchUsageError } from './command.ts';
import { createOperator, type Operator } from './operator.ts';
import { processUse } from './proc.ts';

/** The namespace of the tenant, whose pods pass our gate and planner. */
export const GATED_NAMESPACE = 'bench-gated';
/** A namespace that nobody manages: its pods go straight to kube-scheduler. */
export const BARE_NAMESPACE = 'bench-bare';

/** A cluster of its own with the platform installed and a fleet; the operator is not started yet. */
export interface World {
  readonly api: BenchApi;
  readonly operator: Operator;
  readonly progress: Progress;
  readonly version: string;
  /** CPU-seconds since their start of all processes of the cluster by name, and of this process as `bench`. */
  cpuSeconds(): Promise<Readonly<Record<string, number>>>;
  /** Starts the operator and waits until pods of the tenant are gated. */
  startOperator(): Promise<void>;
}

const WRITES_AT_ONCE = 16;
const READY_MILLIS = 120_000;

/**
 * Works in a fresh cluster with `nodes` fake nodes, which must have a whole GPU for each of `pods`, and ends all of it however the work ends. The cluster has a state
 * folder of its own beside the usual one, so a running demo is neither disturbed nor measured.
 */
export async function withWorld(
  { nodes, pods }: { readonly nodes: number; readonly pods: number },
  signal: AbortSignal,
  work: (world: World) => Promise<void>,
): Promise<void> {
  const gpus = generateNodes(nodes).reduce((sum, { status }) => sum + Number(status.allocatable[WHOLE] ?? 0), 0);
  if (gpus < pods) throw new BenchUsageError(`${nodes} nodes have ${gpus} whole GPUs, too few for ${pods} pods`);
  const stateDir = resolve(stateFolder(), '../bench/cluster');
  const progress = progressTo(process.stderr);
  const lock: Lock = await takeLock(`bench ${stateDir}`, 'running a benchmark', { wait: false });
  try {
    // What a benchmark that was killed has left is not a fresh cluster.
    await down(stateDir, progress);
    const cluster = await acquireCluster({ stateDir, realNode: false, progress });
    signal.throwIfAborted();
    if (!cluster.record.fakeNodes) {
      throw new BenchImpossible(`a ${cluster.record.kind} cluster plays no fake nodes; unset KUBECONFIG_E2E`);
    }
    const api = openApi(cluster.kubeconfig);
    try {
      await work(await prepare(cluster, api, nodes, progress, signal));
    } finally {
      await api.close();
    }
  } finally {
    await down(stateDir, progress);
    await lock.release();
  }
}

async function prepare(
  cluster: Cluster,
  api: BenchApi,
  nodes: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<World> {
  const kubectl: Cluster['kubectl'] = (args, options) => cluster.kubectl(args, options);
  await progress.step('install', { doing: 'installing', done: 'installed' }, () =>
    installForProcess(kubectl, { folder: cluster.stateDir, settings: {} }),
  );
  await kubectl(['wait', '--for=condition=Established', '--timeout=60s', '--all', 'crd']);
  await progress.step('fleet', { doing: 'creating', done: `${nodes} nodes` }, async () => {
    await inParallel(generateNodes(nodes), WRITES_AT_ONCE, signal, async (node) => {
      await api.send('POST', '/api/v1/nodes', { body: node });
    });
    await until('all fake nodes are ready', READY_MILLIS, signal, async () =>
      (await readyNodes(api)) === nodes ? true : undefined,
    );
  });
  for (const namespace of [GATED_NAMESPACE, BARE_NAMESPACE]) {
    const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
    await api.send('POST', '/api/v1/namespaces', { body });
    // Pods are refused until the controller manager has made it.
    await until(`${namespace} has its service account`, READY_MILLIS, signal, async () => {
      const answer = await api.send('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`, { also: [404] });
      return answer.status === 200 ? true : undefined;
    });
  }
  const ours = [...fleetPools(), tenant];
  await kubectl(['apply', '--server-side', '-f', '-'], {
    input: ours.map((one) => JSON.stringify(one)).join('\n---\n'),
  });
  const kubeconfig = await cluster.kubeconfigForServiceAccount('gpuopt-system', 'gpuopt');
  const operator = createOperator(cluster.stateDir, kubeconfig);
  return {
    api,
    operator,
    progress,
    version: cluster.record.version,
    cpuSeconds: () => cpuOf(cluster.stateDir),
    startOperator: async () => {
      await operator.start(signal);
      await until('pods of the tenant are gated', READY_MILLIS, signal, () => gated(api));
    },
  };
}

const tenant = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'Tenant',
  metadata: { name: 'bench' },
  spec: { selector: { namespaces: [GATED_NAMESPACE] } },
};

async function cpuOf(stateDir: string): Promise<Readonly<Record<string, number>>> {
  const processes = (await readProcesses(stateDir)).filter(isAlive);
  const named = processes.map(({ name, pid }) => [name, processUse(pid).cpuSeconds] as const);
  return Object.fromEntries([...named, ['bench', processUse(process.pid).cpuSeconds]]);
}

async function readyNodes(api: BenchApi): Promise<number> {
  interface Nodes {
    readonly items: readonly {
      readonly spec: { readonly taints?: readonly { readonly key: string }[] };
      readonly status: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
    }[];
  }
  const list: Nodes = JSON.parse((await api.send('GET', '/api/v1/nodes?resourceVersion=0')).text);
  return list.items.filter(
    ({ spec, status }) =>
      status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true &&
      spec.taints?.some(({ key }) => key === 'node.kubernetes.io/not-ready') !== true,
  ).length;
}

async function gated(api: BenchApi): Promise<true | undefined> {
  const [probe] = generateUniformPods(1, GATED_NAMESPACE);
  if (probe === undefined) return undefined;
  const path = `/api/v1/namespaces/${GATED_NAMESPACE}/pods?dryRun=All`;
  const body = { ...probe.object, metadata: { ...probe.object.metadata, name: 'bench-probe' } };
  return (await api.send('POST', path, { body })).text.includes(GATE) ? true : undefined;
}
