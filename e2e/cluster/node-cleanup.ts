import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readdir, readFile, rm, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ClusterError } from './cluster-error.ts';
import { findProgram, tryCommand } from './commands.ts';
import { cgroupRoot, containerdSocket, nodePath, podNetworkName } from './node-files.ts';
import { identify, isAlive, signal } from './processes.ts';
import { clusterId } from './state.ts';

const POLL_MS = 100;
const GONE_LIMIT_MS = 10_000;
const UNMOUNT_TRIES = 5;

/** Ends every container and shim of the node. containerd may run or not: they are found by cgroup and by socket. */
export async function stopContainers(folder: string): Promise<void> {
  if (!existsSync(nodePath(folder))) return;
  const sockets = shimSockets(folder);
  await endAll(() => pidsInCgroups(cgroupRoot(clusterId(folder))));
  await endAll(() => shimPids(containerdSocket(folder)));
  for (const socket of sockets) await rm(socket, { force: true });
}

/** Removes what the node left on the machine: containers, mounts, cgroups, links in /var/log, CNI's cache. */
export async function removeNodeLeftovers(folder: string): Promise<void> {
  if (!existsSync(nodePath(folder))) return;
  await stopContainers(folder);
  await unmountBelow(folder);
  await removeCgroups(clusterId(folder));
  await removeContainerLogLinks(folder);
  await removeCniCache(clusterId(folder));
}

/** Kills the processes that `find` names until it names none: a dying container can still fork. */
async function endAll(find: () => readonly number[]): Promise<void> {
  const until = Date.now() + GONE_LIMIT_MS;
  for (;;) {
    const found = find().flatMap((pid) => identify(pid) ?? []);
    const living = found.filter(isAlive);
    if (living.length === 0) return;
    if (Date.now() > until) {
      throw new ClusterError(
        'StopFailed',
        `processes ${living.map(({ pid }) => pid).join(', ')} do not end when killed`,
      );
    }
    for (const each of living) signal(each, 'SIGKILL');
    await delay(POLL_MS);
  }
}

/** Every process in the cgroups of that name, over all hierarchies of cgroup v1, or the one of v2. */
function pidsInCgroups(root: string): readonly number[] {
  const pids = new Set<number>();
  for (const folder of cgroupFolders(root)) {
    for (const child of [folder, ...descendants(folder)]) {
      for (const line of readLines(join(child, 'cgroup.procs'))) pids.add(Number(line));
    }
  }
  return [...pids];
}

/** Where the cgroup of that name may be: below each v1 hierarchy, or below the single v2 root. */
export function cgroupFolders(root: string): readonly string[] {
  const base = '/sys/fs/cgroup';
  if (!existsSync(base)) return [];
  const bases = [base, ...readdirSync(base).map((name) => join(base, name))];
  return bases.map((each) => join(each, root)).filter((path) => existsSync(path));
}

function descendants(folder: string): readonly string[] {
  const children = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return children.flatMap((entry) => {
    const path = join(folder, entry.name);
    return [path, ...descendants(path)];
  });
}

async function removeCgroups(id: string): Promise<void> {
  for (const folder of cgroupFolders(cgroupRoot(id))) {
    // Children come after their parents in the list; the kernel removes only empty groups.
    for (const path of [folder, ...descendants(folder)].reverse()) await rmdirWithPatience(path);
  }
}

/** A cgroup stays busy for a moment after its last process has died. */
async function rmdirWithPatience(path: string): Promise<void> {
  const until = Date.now() + GONE_LIMIT_MS;
  for (;;) {
    try {
      await rmdir(path);
      return;
    } catch (error) {
      // /sys/fs/cgroup names some hierarchies twice, by links; the second time the group is gone.
      if (!existsSync(path)) return;
      const busy = error instanceof Error && 'code' in error && error.code === 'EBUSY';
      if (!busy || Date.now() > until) throw error;
      await delay(POLL_MS);
    }
  }
}

/** Shims of our containerd: their command line carries its socket, whose path is in our state folder. */
function shimPids(socket: string): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => isShimOf(readCommandLine(pid), socket))
    .map(Number);
}

/** Whether a command line is that of a shim which reports to the containerd at `socket`. */
export function isShimOf(argv: readonly string[], socket: string): boolean {
  return argv[0]?.endsWith('containerd-shim-runc-v2') === true && argv[argv.indexOf('-address') + 1] === socket;
}

function readCommandLine(pid: string): readonly string[] {
  return readLines(`/proc/${pid}/cmdline`).join('\n').split('\0');
}

/** The sockets that shims opened outside our folder (containerd fixes the place); a killed shim leaves its own. */
function shimSockets(folder: string): readonly string[] {
  const tasks = nodePath(folder, 'run', 'io.containerd.runtime.v2.task', 'k8s.io');
  if (!existsSync(tasks)) return [];
  return readdirSync(tasks).flatMap((task) => {
    const text = [...readLines(join(tasks, task, 'bootstrap.json')), ...readLines(join(tasks, task, 'address'))].join();
    return [...text.matchAll(/unix:\/\/(\/run\/containerd\/s\/[0-9a-f]+)/g)].flatMap((match) => match[1] ?? []);
  });
}

/** Unmounts everything below a folder, the innermost first; again, because unmounting can uncover more. */
async function unmountBelow(folder: string): Promise<void> {
  const umount = findProgram('umount') ?? 'umount';
  for (let tries = 0; tries < UNMOUNT_TRIES; tries += 1) {
    const mounts = mountsBelow(folder, await readFile('/proc/self/mountinfo', 'utf8'));
    if (mounts.length === 0) return;
    for (const path of mounts) {
      const lazily = tries > 0 ? ['-l'] : [];
      await tryCommand([umount, ...lazily, path]);
    }
  }
  const left = mountsBelow(folder, await readFile('/proc/self/mountinfo', 'utf8'));
  if (left.length === 0) return;
  throw new ClusterError('StopFailed', `still mounted: ${left.join(' ')}; unmount them and stop the cluster again`);
}

/** The mount points below a folder in a /proc/PID/mountinfo, innermost first. */
export function mountsBelow(folder: string, mountinfo: string): readonly string[] {
  return mountinfo
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((path) => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))))
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
}

/** The kubelet links each container's log into /var/log/containers, a place it cannot be told to change. */
async function removeContainerLogLinks(folder: string): Promise<void> {
  const links = '/var/log/containers';
  if (!existsSync(links)) return;
  for (const name of await readdir(links)) {
    const path = join(links, name);
    if (linkTarget(path)?.startsWith(`${folder}/`) === true) await unlink(path);
  }
}

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** The CNI library remembers results in /var/lib/cni: of our network by its name, of loopback by the sandbox. */
async function removeCniCache(id: string): Promise<void> {
  const results = '/var/lib/cni/results';
  if (!existsSync(results)) return;
  const names = await readdir(results);
  for (const name of cniCacheOf(podNetworkName(id), names)) await rm(join(results, name), { force: true });
}

/** The cache files that belong to the sandboxes of a network, given all files: `NETWORK-SANDBOX-INTERFACE`. */
export function cniCacheOf(network: string, names: readonly string[]): readonly string[] {
  const sandboxes = names
    .filter((name) => name.startsWith(`${network}-`))
    .map((name) => name.slice(network.length + 1, name.lastIndexOf('-')));
  return names.filter((name) => sandboxes.some((sandbox) => name.includes(`-${sandbox}-`)));
}

function readLines(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    // Processes and cgroups vanish while they are read; what is gone has no lines.
    return [];
  }
}
