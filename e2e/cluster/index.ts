import { importImage } from '../image/load.ts';
import { issueCertificates, writeKubeconfig } from './certificates.ts';
import { ClusterError } from './cluster-error.ts';
import type { CommandOptions, CommandResult } from './commands.ts';
import { startApiServer } from './control-plane.ts';
import { loadIntoKind } from './kind.ts';
import { kubectl, tryKubectl } from './kubectl.ts';
import { down, up } from './lifecycle.ts';
import { isAlive, killProcess, readProcess, readProcesses, startProcess } from './processes.ts';
import { type Progress, progressTo } from './progress.ts';
import { type ClusterRecord, type RealNode, stateFolder } from './state.ts';

/** How a test or the demo wants its cluster. */
export interface AcquireOptions {
  /** Whether to start the real node when no cluster runs yet; it can still be skipped, see `realNode`. Default true. */
  readonly realNode?: boolean;
  /** The state folder; default by GPUOPT_STATE. */
  readonly stateDir?: string;
  /** Whether `release` leaves a cluster running that this call started. Default false. */
  readonly keep?: boolean;
  readonly progress?: Progress;
}

/** A cluster to work with. All methods reject with `ClusterError`. */
export interface Cluster {
  readonly stateDir: string;
  /** Everything that is known about it. */
  readonly record: ClusterRecord;
  /** The path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  /** The node on which containers run, or why there is none. */
  readonly realNode: RealNode;
  /** The address under which pods reach servers of this machine; bind peers here. Undefined on foreign clusters. */
  readonly hostAddress: string | undefined;
  /** Runs kubectl and returns its standard output. */
  kubectl(args: readonly string[], options?: CommandOptions): Promise<string>;
  /** Runs kubectl, for commands that are expected to fail. */
  tryKubectl(args: readonly string[], options?: CommandOptions): Promise<CommandResult>;
  /** Writes a kubeconfig for a user by certificate, and returns its path. */
  kubeconfigForUser(user: string, groups?: readonly string[]): Promise<string>;
  /** Writes a kubeconfig with a token of a service account that is valid for some hours (one unless given), and returns its path. */
  kubeconfigForServiceAccount(namespace: string, name: string, hours?: number): Promise<string>;
  /** Kills the API server as a crash would; `Unsupported` on clusters that are not built here. */
  killApiserver(): Promise<void>;
  /** Starts the API server again (killing it first if it runs) and waits until it is ready. */
  restartApiserver(): Promise<void>;
  /** Gives an image archive to the real node. */
  loadImage(image: { readonly name: string; readonly archive: string }): Promise<void>;
  /** Stops the cluster if this call started it and it is not to be kept. */
  release(): Promise<void>;
}

/** Starts the cluster of the state folder, or joins the one that runs there. */
export async function acquireCluster(options: AcquireOptions = {}): Promise<Cluster> {
  const progress = options.progress ?? progressTo(process.stderr);
  const stateDir = options.stateDir ?? stateFolder();
  const { cluster: record, started } = await up(stateDir, { realNode: options.realNode ?? true }, progress);
  return {
    stateDir,
    record,
    kubeconfig: record.kubeconfig,
    realNode: record.realNode,
    hostAddress: record.hostAddress,
    kubectl: (args, how) => kubectl(record, args, how),
    tryKubectl: (args, how) => tryKubectl(record, args, how),
    kubeconfigForUser: (user, groups = []) => kubeconfigForUser(stateDir, record, user, groups, progress),
    kubeconfigForServiceAccount: (namespace, name, hours = 1) =>
      kubeconfigForServiceAccount(stateDir, record, namespace, name, hours),
    killApiserver: async () => {
      const apiserver = await builtProcess(stateDir, record, 'apiserver');
      await killProcess(apiserver);
    },
    restartApiserver: () => restartApiserver(stateDir, record),
    loadImage: (image) => loadImage(stateDir, record, image, progress),
    release: async () => {
      if (started && options.keep !== true) await down(stateDir, progress);
    },
  };
}

/** Gives an image archive to the real node of a cluster. */
export async function loadImage(
  stateDir: string,
  record: ClusterRecord,
  image: { readonly name: string; readonly archive: string },
  progress: Progress,
): Promise<void> {
  if ('skipped' in record.realNode) {
    throw new ClusterError('Unsupported', `no node can take an image: ${record.realNode.skipped}`);
  }
  if (record.kind === 'external') {
    throw new ClusterError('Unsupported', `push ${image.name} to a registry of the cluster in KUBECONFIG_E2E instead`);
  }
  if (record.kind === 'kind') await loadIntoKind(stateDir, image.archive);
  else await importImage({ folder: stateDir, ...image }, progress);
}

async function builtProcess(stateDir: string, record: ClusterRecord, name: string) {
  const found = record.kind === 'built' ? await readProcess(stateDir, name) : undefined;
  if (found !== undefined) return found;
  throw new ClusterError(
    'Unsupported',
    `${name} of a ${record.kind} cluster is not ours to stop; use the built cluster`,
  );
}

async function restartApiserver(stateDir: string, record: ClusterRecord): Promise<void> {
  const before = await builtProcess(stateDir, record, 'apiserver');
  await killProcess(before);
  await startApiServer(stateDir, record.apiServer, { name: before.name, argv: before.argv });
  // A component that gave up while the API was away is started again, as the kubelet of a control plane node would.
  for (const each of await readProcesses(stateDir)) {
    if (!isAlive(each)) await startProcess(stateDir, each);
  }
}

async function kubeconfigForUser(
  stateDir: string,
  record: ClusterRecord,
  user: string,
  groups: readonly string[],
  progress: Progress,
): Promise<string> {
  if (record.kind !== 'built') {
    throw new ClusterError(
      'Unsupported',
      `no certificates can be issued for a ${record.kind} cluster; use a service account`,
    );
  }
  const name = `user-${fileName(user)}`;
  await issueCertificates(stateDir, [{ name, commonName: user, organizations: groups }], progress);
  return await writeKubeconfig(stateDir, name, record.apiServer, { certificate: name });
}

async function kubeconfigForServiceAccount(
  stateDir: string,
  record: ClusterRecord,
  namespace: string,
  name: string,
  hours: number,
): Promise<string> {
  const token = await kubectl(record, ['create', 'token', name, `--namespace=${namespace}`, `--duration=${hours}h`]);
  const ca = await kubectl(record, [
    'config',
    'view',
    '--raw',
    '--minify',
    '-o=jsonpath={.clusters[0].cluster.certificate-authority-data}',
  ]);
  return await writeKubeconfig(
    stateDir,
    `sa-${namespace}-${name}`,
    record.apiServer,
    { token: token.trim() },
    ca.trim(),
  );
}

function fileName(user: string): string {
  return user.replaceAll(/[^a-zA-Z0-9.-]/g, '-');
}
