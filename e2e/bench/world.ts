import { GATE } from '../../operator/scheduling/index.ts';
import type { Cluster } from '../cluster/index.ts';
import type { Progress } from '../cluster/progress.ts';
import { installForProcess } from '../demo/install.ts';
import { WHOLE } from '../fleet/groups.ts';
import { generateNodes } from '../fleet/nodes.ts';
import { fleetPools } from '../fleet/platform.ts';
import { generateUniformPods } from '../fleet/workload.ts';
import { type BenchApi, inParallel, until } from './api.ts';
import { type BenchCluster, cpuSecondsOf, withBenchCluster } from './cluster.ts';
import { BenchImpossible, BenchUsageError } from './command.ts';
import { createOperator, type Operator } from './operator.ts';

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

/** Works in a fresh cluster with `nodes` fake nodes, which must have a whole GPU for each of `pods`. */
export async function withWorld<T>(
  { nodes, pods }: { readonly nodes: number; readonly pods: number },
  signal: AbortSignal,
  work: (world: World) => Promise<T>,
): Promise<T> {
  const gpus = generateNodes(nodes).reduce((sum, { status }) => sum + Number(status.allocatable[WHOLE] ?? 0), 0);
  if (gpus < pods) throw new BenchUsageError(`${nodes} nodes have ${gpus} whole GPUs, too few for ${pods} pods`);
  return await withBenchCluster(signal, async (bench) => {
    const { record } = bench.cluster;
    if (!record.fakeNodes) {
      throw new BenchImpossible(`a ${record.kind} cluster plays no fake nodes; unset KUBECONFIG_E2E`);
    }
    return await work(await prepare(bench, nodes, signal));
  });
}

async function prepare({ cluster, api, progress }: BenchCluster, nodes: number, signal: AbortSignal): Promise<World> {
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
    cpuSeconds: () => cpuSecondsOf(cluster.stateDir),
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
