import { chownSync, mkdirSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { stringify } from 'yaml';
import { type Kubectl, root } from './context.ts';

/** What an installation is told beyond config/default. */
export interface InstallOptions {
  /** Folder for the overlay and, with a pod, for the database. */
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
}

/** The user that the image runs as. */
const IMAGE_USER = 65_532;
const OPERATOR_NAMESPACE = 'gpuopt-system';

/**
 * Installs with `kubectl apply -k` the very manifests of config/default, with an overlay for the settings of this machine:
 * the operator as a pod of the real node. The volume is a folder of this machine, since the test cluster provisions none.
 */
export async function installAsPod(kubectl: Kubectl, options: InstallOptions): Promise<void> {
  await kubectl(['apply', '-f', join(root, 'config/manager/namespace.yaml')]);
  await kubectl(['apply', '-n', OPERATOR_NAMESPACE, '-f', join(root, 'config/manager/service.yaml')]);
  const serviceAddress = (
    await kubectl(['get', 'service', 'gpuopt', '-n', OPERATOR_NAMESPACE, '-o', 'jsonpath={.spec.clusterIP}'])
  ).trim();
  const data = join(options.folder, 'volume');
  mkdirSync(data, { recursive: true });
  chownSync(data, IMAGE_USER, IMAGE_USER);
  const settings = {
    ...options.settings,
    // The small cluster has no DNS: pods reach the operator by the Service's address.
    GPUOPT_JOBS_URL: `http://${serviceAddress}:8082`,
    GPUOPT_JOB_NODE_SELECTOR: 'gpuoptimizer.io/real=true',
  };
  await applyOverlay(kubectl, options.folder, {
    resources: ['volume.yaml'],
    files: { 'volume.yaml': stringify(volume(data)) },
    patches: [
      settingsPatch(settings),
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'gpuopt', namespace: OPERATOR_NAMESPACE },
        spec: { template: { spec: { nodeSelector: { 'gpuoptimizer.io/real': 'true' } } } },
      },
    ],
  });
}

/** Installs the same manifests without the Deployment, its volume and its Service: the operator runs as a process of this machine. */
export async function installForProcess(kubectl: Kubectl, options: InstallOptions): Promise<void> {
  const gone = (apiVersion: string, kind: string, name: string): object => ({
    apiVersion,
    kind,
    metadata: { name, namespace: OPERATOR_NAMESPACE },
    $patch: 'delete',
  });
  await applyOverlay(kubectl, options.folder, {
    resources: [],
    files: {},
    patches: [
      gone('apps/v1', 'Deployment', 'gpuopt'),
      gone('v1', 'PersistentVolumeClaim', 'gpuopt-data'),
      gone('v1', 'Service', 'gpuopt'),
    ],
  });
}

interface Overlay {
  readonly resources: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly patches: readonly object[];
}

async function applyOverlay(kubectl: Kubectl, folder: string, overlay: Overlay): Promise<void> {
  const place = join(folder, 'install');
  await mkdir(place, { recursive: true });
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: [relative(place, join(root, 'config/default')), ...overlay.resources],
    patches: overlay.patches.map((patch) => ({ patch: stringify(patch) })),
  };
  for (const [name, text] of Object.entries(overlay.files)) await writeFile(join(place, name), text);
  await writeFile(join(place, 'kustomization.yaml'), stringify(kustomization));
  await kubectl(['apply', '--server-side', '--force-conflicts', '-k', place], { timeoutMs: 120_000 });
}

function settingsPatch(data: Readonly<Record<string, string>>): object {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'gpuopt-settings', namespace: OPERATOR_NAMESPACE },
    data,
  };
}

function volume(path: string): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'gpuopt-data' },
    spec: {
      capacity: { storage: '4Gi' },
      accessModes: ['ReadWriteOncePod'],
      persistentVolumeReclaimPolicy: 'Retain',
      claimRef: { namespace: OPERATOR_NAMESPACE, name: 'gpuopt-data' },
      hostPath: { path, type: 'Directory' },
    },
  };
}
