import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { down, runningCluster } from '../cluster/lifecycle.ts';
import { takeLock } from '../cluster/lock.ts';
import { readProcesses, stopProcess } from '../cluster/processes.ts';
import type { Progress } from '../cluster/progress.ts';
import { forgetDemo, readDemo } from './state.ts';
import { uninstall } from './uninstall.ts';

const GRACE_MS = 15_000;

/** Stops the processes of the demo and, if the demo started it, the cluster; 0 also when there was nothing to stop. */
export async function stopDemo(folder: string, progress: Progress): Promise<number> {
  const lock = await takeLock(`demo ${folder}`, `stopping the demo in ${folder}`, { wait: false });
  try {
    if (existsSync(folder)) await clearDemo(folder, progress);
    else progress.say('demo', `none in ${folder}`);
    return 0;
  } finally {
    await lock.release();
  }
}

/** Removes what a demo started, whole or cut short; the caller holds the demo's lock. */
export async function clearDemo(folder: string, progress: Progress): Promise<void> {
  const clusterFolder = join(dirname(folder), 'cluster');
  // Without a record the start ended before it touched anything, so the cluster is not its own.
  const owns = (await readDemo(folder))?.ownsCluster === true;
  const cluster = owns ? undefined : await runningCluster(clusterFolder);
  // The operator is still there to let its finalizers go.
  if (cluster !== undefined) await uninstall(cluster, folder, progress);
  const processes = await readProcesses(folder);
  for (const each of processes.toReversed()) await stopProcess(folder, each, GRACE_MS);
  progress.say('demo', `${processes.length} processes stopped`);
  if (owns) {
    const stopped = await down(clusterFolder, progress);
    progress.say('cluster', stopped ? 'stopped' : 'was not running');
  }
  if (cluster !== undefined) {
    progress.say('cluster', 'was there before the demo and stays; stop it with: make cluster-down');
  }
  await forgetDemo(folder);
}
