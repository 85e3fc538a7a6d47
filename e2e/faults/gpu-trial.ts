import { join } from 'node:path';
import type { Cluster } from '../cluster/index.ts';
import { installForProcess } from '../demo/install.ts';
import { bundleProject } from '../image/bundle.ts';
import type { Trial } from './harness.ts';
import { gpuCollections, gpuWorkloads } from './workloads/gpu.ts';

/** Hours that the operator's token is valid: longer than any run. */
const TOKEN_HOURS = 12;

/** Installs the suite, bundles the operator and puts it to the test with the rights of its own service account. */
export async function gpuTrial(cluster: Cluster): Promise<Trial> {
  await installForProcess((args, options) => cluster.kubectl(args, options), {
    folder: cluster.stateDir,
    settings: {},
  });
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=60s', '--all', 'crd']);
  const { out } = await bundleProject(join(cluster.stateDir, 'faults-operator'));
  return {
    workloads: gpuWorkloads,
    collections: gpuCollections,
    credentials: await cluster.kubeconfigForServiceAccount('gpuopt-system', 'gpuopt', TOKEN_HOURS),
    subject: (kubeconfig, folder) => ({
      argv: [process.execPath, join(out, 'gpuopt.mjs'), 'run', ...runFlags(kubeconfig, folder)],
      env: { NODE_OPTIONS: '--max-semi-space-size=8' },
      leadsWhen: '"msg":"leading"',
      log: join(folder, 'operator.log'),
    }),
  };
}

/** One process only, so that a restart need not wait for the lease of the killed one. */
function runFlags(kubeconfig: string, folder: string): readonly string[] {
  const anyPort = ['--metrics-address', '--api-address', '--jobs-address'].flatMap((flag) => [flag, '127.0.0.1:0']);
  const place = ['--kubeconfig', kubeconfig, '--data-dir', join(folder, 'store')];
  return [...place, '--leader-election', 'off', ...anyPort];
}
