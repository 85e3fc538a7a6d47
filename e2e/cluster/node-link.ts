import { existsSync, statfsSync } from 'node:fs';

import { findProgram, runCommand, tryCommand } from './commands.ts';
import type { Progress } from './progress.ts';
import { type ClusterNetwork, clusterId } from './state.ts';

/** Debian packages that the real node needs, by a program that tells whether they are installed. */
const PACKAGES: readonly (readonly [program: string, packageName: string])[] = [
  ['ip', 'iproute2'],
  ['nsenter', 'util-linux'],
  ['mount', 'mount'],
  ['runc', 'runc'],
  ['iptables', 'iptables'],
  ['conntrack', 'conntrack'],
  ['nft', 'nftables'],
];
const INSTALL_LIMIT_MS = 300_000;
// The kernel allows 107 characters for a socket's path; /node/kubelet/pod-resources/ and a name take up to 40 of them.
const LONGEST_FOLDER = 66;

/** The name of the network namespace in which a cluster's real node lives. */
export function namespaceName(id: string): string {
  return `gpuopt-${id}`;
}

/** The command that runs another inside the node's network namespace without touching its mounts. */
export function inNamespace(id: string, argv: readonly string[]): readonly [string, ...string[]] {
  return [findProgram('nsenter') ?? 'nsenter', `--net=/run/netns/${namespaceName(id)}`, ...argv];
}

/**
 * Why this machine cannot have a real node, with the remedy; undefined when it can. Installs missing Debian packages
 * as root, which is the one thing that it changes.
 */
export async function whyNoRealNode(folder: string, progress: Progress): Promise<string | undefined> {
  if (process.getuid?.() !== 0) return 'containers need root here; run the same command as root';
  if (folder.length > LONGEST_FOLDER) {
    return `the state folder's path is ${folder.length} characters, sockets in it allow ${LONGEST_FOLDER}; set GPUOPT_STATE to a shorter one`;
  }
  if (!existsSync('/sys/fs/cgroup')) return 'no cgroups are mounted at /sys/fs/cgroup; run on a machine that has them';
  const missing = await installPackages(progress);
  if (missing.length > 0) {
    return `${missing.join(', ')} could not be installed; install them with: apt-get install ${missing.join(' ')}`;
  }
  return await whyNoNamespaces(clusterId(folder));
}

async function installPackages(progress: Progress): Promise<readonly string[]> {
  const needed = (): readonly string[] => PACKAGES.filter(([name]) => !findProgram(name)).map(([, pkg]) => pkg);
  const packages = needed();
  const apt = findProgram('apt-get');
  if (packages.length === 0 || apt === undefined) return packages;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const install = () =>
    tryCommand([apt, 'install', '-y', '-q', '--no-install-recommends', ...packages], {
      env,
      timeoutMs: INSTALL_LIMIT_MS,
    });
  await progress.step(
    'packages',
    { doing: `installing ${packages.join(' ')}`, done: 'installed', usualSeconds: 20 },
    async () => {
      if ((await install()).code === 0) return;
      await tryCommand([apt, 'update', '-q'], { env, timeoutMs: INSTALL_LIMIT_MS });
      await install();
    },
  );
  return needed();
}

/** Tries the kernel's network namespaces and veth pairs, by the names that the link will have; then removes them. */
async function whyNoNamespaces(id: string): Promise<string | undefined> {
  const ip = findProgram('ip') ?? 'ip';
  const { host, node } = linkNames(id);
  const namespace = namespaceName(id);
  try {
    const made = await tryCommand([ip, 'netns', 'add', namespace]);
    if (made.code !== 0) return `network namespaces do not work here (${made.stderr.trim()}); use a privileged machine`;
    const veth = await tryCommand([ip, 'link', 'add', host, 'type', 'veth', 'peer', 'name', node, 'netns', namespace]);
    if (veth.code !== 0) return `veth pairs do not work here (${veth.stderr.trim()}); use a privileged machine`;
    return undefined;
  } finally {
    await removeNodeLink(id);
  }
}

/** Makes the node's namespace and the link to it: host end and node end, routes both ways, nothing else touched. */
export async function createNodeLink(id: string, network: ClusterNetwork): Promise<void> {
  const ip = findProgram('ip') ?? 'ip';
  const { host, node } = linkNames(id);
  const namespace = namespaceName(id);
  const steps: readonly (readonly string[])[] = [
    ['netns', 'add', namespace],
    ['link', 'add', host, 'type', 'veth', 'peer', 'name', node, 'netns', namespace],
    ['addr', 'add', `${network.hostAddress}/${network.linkPrefix}`, 'dev', host],
    ['link', 'set', host, 'up'],
    ['-n', namespace, 'link', 'set', 'lo', 'up'],
    ['-n', namespace, 'addr', 'add', `${network.nodeAddress}/${network.linkPrefix}`, 'dev', node],
    ['-n', namespace, 'link', 'set', node, 'up'],
    ['-n', namespace, 'route', 'add', 'default', 'via', network.hostAddress],
    ['route', 'add', network.podRange, 'via', network.nodeAddress],
  ];
  for (const step of steps) await runCommand([ip, ...step]);
  await runCommand(inNamespace(id, ['/bin/sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward']));
}

/** Removes the link and the namespace if they are there; routes and addresses go with them. */
export async function removeNodeLink(id: string): Promise<void> {
  const ip = findProgram('ip');
  if (ip === undefined || process.getuid?.() !== 0) return;
  const { host } = linkNames(id);
  if (existsSync(`/sys/class/net/${host}`)) await runCommand([ip, 'link', 'del', host]);
  if (existsSync(`/run/netns/${namespaceName(id)}`)) await runCommand([ip, 'netns', 'del', namespaceName(id)]);
}

/** The interface names of both ends; the kernel allows 15 characters. */
function linkNames(id: string): { readonly host: string; readonly node: string } {
  return { host: `gpuopt-${id}h`, node: `gpuopt-${id}n` };
}

/** Whether the folder lies on an overlay file system, on which containerd cannot stack another. */
export function onOverlay(folder: string): boolean {
  const OVERLAYFS_MAGIC = 0x794c7630;
  return statfsSync(folder).type === OVERLAYFS_MAGIC;
}
