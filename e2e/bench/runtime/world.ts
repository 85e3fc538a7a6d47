import { readProcesses, stopProcess } from '../../cluster/processes.ts';
import { inParallel, until } from '../api.ts';
import { type BenchCluster, cpuSecondsOf, withBenchCluster } from '../cluster.ts';
import { BenchImpossible } from '../command.ts';
import { crds, GROUP } from './crds.ts';
import {
  ASSEMBLIES,
  assemblyName,
  assemblySpec,
  NAMESPACE,
  ownObject,
  PARTS,
  POD_NAMESPACE,
  PODS,
  partsFor,
  podObject,
} from './objects.ts';

/** An API server with etcd and nothing beside them: nobody schedules, collects garbage or plays nodes. */
export interface RuntimeWorld extends BenchCluster {
  readonly signal: AbortSignal;
}

const WRITES_AT_ONCE = 16;
const GRACE_MILLIS = 10_000;
const SERVED_MILLIS = 60_000;
const servers: ReadonlySet<string> = new Set(['etcd', 'apiserver']);

/** Works in a fresh world with the toy kinds and both namespaces. Throws BenchImpossible on a cluster not built here. */
export async function withRuntimeWorld<T>(signal: AbortSignal, work: (world: RuntimeWorld) => Promise<T>): Promise<T> {
  return await withBenchCluster(signal, async (bench) => {
    const { api, cluster } = bench;
    if (cluster.record.kind !== 'built') {
      const why = `a ${cluster.record.kind} cluster has controllers that would be measured too`;
      throw new BenchImpossible(`${why}; unset KUBECONFIG_E2E, stop Docker`);
    }
    for (const each of await readProcesses(cluster.stateDir)) {
      if (!servers.has(each.name)) await stopProcess(cluster.stateDir, each, GRACE_MILLIS);
    }
    for (const crd of crds) {
      await api.send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', { body: crd });
    }
    for (const plural of ['assemblies', 'parts']) {
      await until(`${plural} are served`, SERVED_MILLIS, signal, async () =>
        (await api.send('GET', `/apis/${GROUP}/v1/${plural}`, { also: [404, 429] })).status === 200 ? true : undefined,
      );
    }
    for (const name of [NAMESPACE, POD_NAMESPACE]) {
      await api.send('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
      // The controller manager, which would make it, is stopped.
      const account = { metadata: { name: 'default' } };
      await api.send('POST', `/api/v1/namespaces/${name}/serviceaccounts`, { body: account });
    }
    return await work({ ...bench, signal });
  });
}

/** Creates fresh parts and assemblies. */
export async function createAssemblies({ api, signal }: RuntimeWorld, count: number): Promise<void> {
  await inParallel(partsFor(count), WRITES_AT_ONCE, signal, async ({ name, spec }) => {
    await api.send('POST', PARTS, { body: ownObject('Part', name, spec), also: [409] });
  });
  await inParallel(range(0, count), WRITES_AT_ONCE, signal, async (index) => {
    const body = ownObject('Assembly', assemblyName(index), assemblySpec(index, count));
    await api.send('POST', ASSEMBLIES, { body, also: [409] });
  });
}

/** Creates the pods from number `from` up to `to`, without it. */
export async function createPods({ api, signal }: RuntimeWorld, from: number, to: number): Promise<void> {
  await inParallel(range(from, to), WRITES_AT_ONCE, signal, async (index) => {
    await api.send('POST', PODS, { body: podObject(index), also: [409] });
  });
}

/** CPU-seconds that etcd and the API server have used. */
export async function serverCpuSeconds({ cluster }: RuntimeWorld): Promise<number> {
  const { etcd = 0, apiserver = 0 } = await cpuSecondsOf(cluster.stateDir);
  return etcd + apiserver;
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}
