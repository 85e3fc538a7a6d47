import { resolve } from 'node:path';
import { startApiServer } from '../../cluster/control-plane.ts';
import { acquireCluster, type Cluster } from '../../cluster/index.ts';
import { killProcess, type ProcessRecord, readProcess, startProcess } from '../../cluster/processes.ts';
import { stateFolder } from '../../cluster/state.ts';

const GATE = '--feature-gates=GenericWorkload=true';
const SERVED = '--runtime-config=scheduling.k8s.io/v1beta1=true';

/** A cluster of its own that serves PodGroups and schedules by them; undefined where none can be built on this machine. */
export async function clusterWithPodGroups(): Promise<Cluster | undefined> {
  const stateDir = resolve(stateFolder(), '../podgroups/cluster');
  const cluster = await acquireCluster({ realNode: false, stateDir });
  if (cluster.record.kind !== 'built') {
    await cluster.release();
    return undefined;
  }
  const apiserver = await stopped(stateDir, 'apiserver');
  await startApiServer(stateDir, cluster.record.apiServer, { ...apiserver, argv: [...apiserver.argv, GATE, SERVED] });
  for (const name of ['controller-manager', 'scheduler']) {
    const process = await stopped(stateDir, name);
    await startProcess(stateDir, { ...process, argv: [...process.argv, GATE] });
  }
  return cluster;
}

async function stopped(stateDir: string, name: string): Promise<ProcessRecord> {
  const process = await readProcess(stateDir, name);
  if (process === undefined) throw new Error(`the cluster in ${stateDir} has no ${name}`);
  await killProcess(process);
  return process;
}
