import { resolve } from 'node:path';
import { acquireCluster, type Cluster } from '../cluster/index.ts';
import { down } from '../cluster/lifecycle.ts';
import { type Lock, takeLock } from '../cluster/lock.ts';
import { isAlive, readProcesses } from '../cluster/processes.ts';
import { type Progress, progressTo } from '../cluster/progress.ts';
import { stateFolder } from '../cluster/state.ts';
import { type BenchApi, openApi } from './api.ts';
import { processUse } from './proc.ts';

/** A cluster that nobody else uses, and a client of its administrator. */
export interface BenchCluster {
  readonly cluster: Cluster;
  readonly api: BenchApi;
  readonly progress: Progress;
}

/**
 * Works in a fresh cluster without a real node and ends it however the work ends. It has a state folder of its own
 * beside the usual one, so a running demo is neither disturbed nor measured.
 */
export async function withBenchCluster<T>(signal: AbortSignal, work: (bench: BenchCluster) => Promise<T>): Promise<T> {
  const stateDir = resolve(stateFolder(), '../bench/cluster');
  const progress = progressTo(process.stderr);
  const lock: Lock = await takeLock(`bench ${stateDir}`, 'running a benchmark', { wait: false });
  try {
    // What a benchmark that was killed has left is not a fresh cluster.
    await down(stateDir, progress);
    const cluster = await acquireCluster({ stateDir, realNode: false, progress });
    signal.throwIfAborted();
    const api = openApi(cluster.kubeconfig);
    try {
      return await work({ cluster, api, progress });
    } finally {
      await api.close();
    }
  } finally {
    await down(stateDir, progress);
    await lock.release();
  }
}

/** CPU-seconds since their start of all processes of a cluster by name, and of this process as `bench`. */
export async function cpuSecondsOf(stateDir: string): Promise<Readonly<Record<string, number>>> {
  const processes = (await readProcesses(stateDir)).filter(isAlive);
  const named = processes.map(({ name, pid }) => [name, processUse(pid).cpuSeconds] as const);
  return Object.fromEntries([...named, ['bench', processUse(process.pid).cpuSeconds]]);
}
