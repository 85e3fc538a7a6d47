import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { leaveMachine } from './machine.ts';
import { removeNodeLeftovers, stopContainers } from './node-cleanup.ts';
import { removeNodeLink } from './node-link.ts';
import { type ProcessRecord, readProcesses, stopProcess } from './processes.ts';
import type { Progress } from './progress.ts';
import { clusterId, removeRecord } from './state.ts';

/** Who ends first: whatever talks to something else ends before it. Names that are not listed end with the first. */
const ORDER: readonly string[] = [
  'kube-proxy',
  'kubelet',
  'kwok',
  'containerd',
  'scheduler',
  'controller-manager',
  'apiserver',
  'etcd',
];
// etcd and the API server end within a second; the API server waits for open watches a little longer.
const GRACE_MS = 8_000;

/**
 * Ends all that was started in a state folder and removes all that was made: also after a crash in the middle of a
 * start or of a stop, because everything is found by the folder's own records and by names derived from the folder.
 */
export async function cleanUp(folder: string, progress: Progress): Promise<void> {
  const records = [...(await readProcesses(folder))].sort((a, b) => rank(a) - rank(b));
  await removeRecord(folder);
  for (const record of records) {
    if (record.name === 'containerd') await stopContainers(folder);
    await stopProcess(folder, record, GRACE_MS);
    progress.say(record.name, 'stopped');
  }
  await removeNodeLeftovers(folder);
  await removeNodeLink(clusterId(folder));
  await leaveMachine(folder);
  if (existsSync(folder)) await rm(folder, { recursive: true, force: true });
}

function rank(record: ProcessRecord): number {
  return ORDER.indexOf(record.name);
}
