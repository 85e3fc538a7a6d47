import { existsSync } from 'node:fs';

import { buildPrograms, type StartOptions, startBuilt } from './built.ts';
import { cleanUp } from './cleanup.ts';
import { ClusterError } from './cluster-error.ts';
import { attachExternal } from './external.ts';
import { deleteKind, kindAvailable, startKind } from './kind.ts';
import { type Lock, takeLock } from './lock.ts';
import { isAlive, readProcesses } from './processes.ts';
import type { Progress } from './progress.ts';
import { type ClusterKind, type ClusterRecord, readRecord, removeRecord, writeRecord } from './state.ts';

/** The outcome of `up`: the cluster, and whether this call started it or found it running. */
export interface UpResult {
  readonly cluster: ClusterRecord;
  readonly started: boolean;
}

/** Builds what `up` would build on this machine, so that a later `up` takes seconds. */
export async function build(options: StartOptions, progress: Progress): Promise<void> {
  const root = process.getuid?.() === 0;
  await buildPrograms({ realNode: options.realNode && root }, progress);
}

/**
 * Starts the cluster of a state folder, or returns the one that runs there. What an earlier start or stop left half
 * done is cleaned up first. `ClusterBusy` when another process is starting or stopping it now.
 */
export async function up(folder: string, options: StartOptions, progress: Progress): Promise<UpResult> {
  const lock = await lockFolder(folder, 'starting');
  try {
    const running = await runningCluster(folder);
    if (running !== undefined) return { cluster: running, started: false };
    if (existsSync(folder)) await removeAll(folder, progress);
    const cluster = await start(await chooseKind(), folder, options, progress);
    await writeRecord(folder, cluster);
    return { cluster, started: true };
  } finally {
    await lock.release();
  }
}

/** Stops the cluster of a state folder and removes all that it made; false when there was nothing to stop. */
export async function down(folder: string, progress: Progress): Promise<boolean> {
  const lock = await lockFolder(folder, 'stopping');
  try {
    if (!existsSync(folder)) return false;
    await removeAll(folder, progress);
    return true;
  } finally {
    await lock.release();
  }
}

/** The cluster of a state folder if all its processes run; undefined when it is not there or is damaged. */
export async function runningCluster(folder: string): Promise<ClusterRecord | undefined> {
  const record = await readRecord(folder);
  if (record === undefined) return undefined;
  const processes = await readProcesses(folder);
  return processes.every(isAlive) ? record : undefined;
}

/** KUBECONFIG_E2E first, then kind where Docker answers, else the one built from modules. */
async function chooseKind(): Promise<ClusterKind> {
  if (process.env.KUBECONFIG_E2E) return 'external';
  return (await kindAvailable()) ? 'kind' : 'built';
}

async function start(
  kind: ClusterKind,
  folder: string,
  options: StartOptions,
  progress: Progress,
): Promise<ClusterRecord> {
  try {
    if (kind === 'external') return await attachExternal(process.env.KUBECONFIG_E2E ?? '', progress);
    if (kind === 'kind') return await startKind(folder, options, progress);
    return await startBuilt(folder, options, progress);
  } catch (error) {
    progress.say(
      'cluster',
      'did not start; what was started is left for its logs and removed by the next start or stop',
    );
    throw error;
  }
}

async function removeAll(folder: string, progress: Progress): Promise<void> {
  const record = await readRecord(folder).catch((error: unknown) => {
    // An unreadable record must not keep a stop from happening: everything is found without it.
    if (error instanceof ClusterError) return undefined;
    throw error;
  });
  if (record?.kind === 'external') await removeRecord(folder);
  await deleteKind(folder, progress);
  await cleanUp(folder, progress);
}

async function lockFolder(folder: string, doing: string): Promise<Lock> {
  return await takeLock(`cluster ${folder}`, `${doing} the cluster in ${folder}`, { wait: false });
}
