import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { takeLock } from './lock.ts';
import { clusterId } from './state.ts';

/** The settings of the whole machine that a kubelet changes when it starts (pkg/kubelet/cm, setupKernelTunables). */
const KUBELET_SETTINGS = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
] as const;

// Shared by all clusters of the machine: the first to come saves the settings, the last to go restores them.
const SHARED = '/run/gpuopt';
const SAVED = join(SHARED, 'sysctls.json');
const USERS = join(SHARED, 'users');

/** Remembers the machine's kernel settings before a kubelet changes them, and that this cluster relies on them. */
export async function saveSysctls(folder: string): Promise<void> {
  const lock = await takeLock('sysctls', 'saving kernel settings', { wait: true });
  try {
    await mkdir(USERS, { recursive: true });
    if (!existsSync(SAVED)) {
      const values = KUBELET_SETTINGS.filter((name) => existsSync(pathOf(name))).map((name) => [
        name,
        readFileSync(pathOf(name), 'utf8').trim(),
      ]);
      await writeFile(SAVED, JSON.stringify(Object.fromEntries(values)));
    }
    await writeFile(join(USERS, clusterId(folder)), folder);
  } finally {
    await lock.release();
  }
}

/** Gives the settings back if no other cluster of this machine still has a kubelet. */
export async function releaseSysctls(folder: string): Promise<void> {
  const lock = await takeLock('sysctls', 'restoring kernel settings', { wait: true });
  try {
    await rm(join(USERS, clusterId(folder)), { force: true });
    if (!existsSync(SAVED) || (await livingUsers()).length > 0) return;
    const values: Record<string, string> = JSON.parse(readFileSync(SAVED, 'utf8'));
    for (const name of KUBELET_SETTINGS) {
      const value = values[name];
      if (value !== undefined) writeFileSync(pathOf(name), value);
    }
    await rm(SAVED, { force: true });
    await rmdir(USERS);
    await rmdir(SHARED);
  } finally {
    await lock.release();
  }
}

/** Clusters that rely on the saved settings; one whose folder was deleted by hand no longer counts. */
async function livingUsers(): Promise<readonly string[]> {
  const users = await readdir(USERS);
  for (const user of users) {
    if (!existsSync(readFileSync(join(USERS, user), 'utf8'))) await rm(join(USERS, user), { force: true });
  }
  return await readdir(USERS);
}

function pathOf(name: (typeof KUBELET_SETTINGS)[number]): string {
  return join('/proc/sys', name);
}
