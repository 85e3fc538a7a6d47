import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { findProgram, tryCommand } from './commands.ts';
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

/** Folders that the node's programs make outside the state folder, innermost first; they cannot be told to move. */
const FOLDERS = [
  '/var/lib/kubelet/device-plugins',
  '/var/lib/kubelet',
  '/var/lib/cni/results',
  '/var/lib/cni',
  '/var/log/containers',
  '/run/containerd/s',
  '/run/containerd',
  '/run/netns',
] as const;
const KUBELET_SOCKET = '/var/lib/kubelet/device-plugins/kubelet.sock';

// Shared by all clusters of the machine: the first to come saves its state, the last to go restores it.
const SHARED = '/run/gpuopt';
const SAVED = join(SHARED, 'machine.json');
const USERS = join(SHARED, 'users');

/** The machine as it was before any real node started on it. */
interface SavedMachine {
  readonly settings: Readonly<Record<string, string>>;
  /** Which of the folders did not exist. */
  readonly absent: readonly string[];
}

/** Remembers the machine's kernel settings and folders before a real node changes them, and that this cluster does. */
export async function joinMachine(folder: string): Promise<void> {
  const lock = await takeLock('machine', 'saving kernel settings', { wait: true });
  try {
    await mkdir(USERS, { recursive: true });
    if (!existsSync(SAVED)) await writeFile(SAVED, JSON.stringify(lookAtMachine()));
    await writeFile(join(USERS, clusterId(folder)), folder);
  } finally {
    await lock.release();
  }
}

function lookAtMachine(): SavedMachine {
  const present = KUBELET_SETTINGS.filter((name) => existsSync(settingPath(name)));
  const settings = present.map((name) => [name, readFileSync(settingPath(name), 'utf8').trim()]);
  return { settings: Object.fromEntries(settings), absent: FOLDERS.filter((path) => !existsSync(path)) };
}

/** Gives the machine back as it was, unless another cluster still has a real node on it. */
export async function leaveMachine(folder: string): Promise<void> {
  if (!existsSync(join(USERS, clusterId(folder)))) return;
  const lock = await takeLock('machine', 'restoring kernel settings', { wait: true });
  try {
    await rm(join(USERS, clusterId(folder)), { force: true });
    if (!existsSync(SAVED) || (await livingUsers()).length > 0) return;
    const saved: SavedMachine = JSON.parse(readFileSync(SAVED, 'utf8'));
    for (const name of KUBELET_SETTINGS) {
      const value = saved.settings[name];
      if (value !== undefined) writeFileSync(settingPath(name), value);
    }
    await removeFolders(saved.absent);
    await rm(SAVED, { force: true });
    await rmdir(USERS);
    await rmdir(SHARED);
  } finally {
    await lock.release();
  }
}

/** Removes those folders that were not there before and in which nobody has put anything since. */
async function removeFolders(absent: readonly string[]): Promise<void> {
  if (absent.includes('/var/lib/kubelet')) await rm(KUBELET_SOCKET, { force: true });
  for (const path of FOLDERS) {
    if (!absent.includes(path) || !existsSync(path)) continue;
    if ((await readdir(path)).length > 0) continue;
    // `ip netns` mounts its folder on itself so that namespaces are shared; the mount has to go first.
    if (path === '/run/netns') await tryCommand([findProgram('umount') ?? 'umount', path]);
    await rmdir(path);
  }
}

/** Clusters that rely on what is saved; one whose folder was deleted by hand no longer counts. */
async function livingUsers(): Promise<readonly string[]> {
  for (const user of await readdir(USERS)) {
    if (!existsSync(readFileSync(join(USERS, user), 'utf8'))) await rm(join(USERS, user), { force: true });
  }
  return await readdir(USERS);
}

function settingPath(name: (typeof KUBELET_SETTINGS)[number]): string {
  return join('/proc/sys', name);
}
