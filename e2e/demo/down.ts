import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { down } from '../cluster/lifecycle.ts';
import { takeLock } from '../cluster/lock.ts';
import { readProcesses, stopProcess } from '../cluster/processes.ts';
import type { Progress } from '../cluster/progress.ts';
import { forgetDemo, readDemo } from './state.ts';

const GRACE_MS = 15_000;

/** Stops the processes of the demo and, if the demo started it, the cluster. */
export async function stopDemo(folder: string, progress: Progress): Promise<number> {
  const lock = await takeLock(`demo ${folder}`, `stopping the demo in ${folder}`, { wait: false });
  try {
    if (!existsSync(folder)) {
      progress.say('demo', `none in ${folder}`);
      return 0;
    }
    const record = await readDemo(folder);
    const processes = await readProcesses(folder);
    for (const each of processes.toReversed()) await stopProcess(folder, each, GRACE_MS);
    progress.say('demo', `${processes.length} processes stopped`);
    // Without a record the start was cut short before it could say whose the cluster is; its own start then owned it.
    if (record?.ownsCluster !== false) {
      const stopped = await down(join(dirname(folder), 'cluster'), progress);
      progress.say('cluster', stopped ? 'stopped' : 'was not running');
    } else progress.say('cluster', 'was there before the demo and stays; stop it with: make cluster-down');
    await forgetDemo(folder);
    return 0;
  } finally {
    await lock.release();
  }
}
