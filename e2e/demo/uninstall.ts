import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl, tryKubectl } from '../cluster/kubectl.ts';
import type { Progress } from '../cluster/progress.ts';
import type { ClusterRecord } from '../cluster/state.ts';
import { listAll } from './context.ts';

interface Finalized {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly finalizers?: readonly string[] };
}

/** What the operator holds pods back with until it has stored their end; see docs/operations.md. */
const METERING = 'gpuoptimizer.io/metering';
const WAIT_SECONDS = 45;

/**
 * Removes from a cluster that stays what the demo put there, in the order of docs/operations.md: first what the operator
 * must let go of, while it runs, then the operator. What is not there any more is passed over.
 */
export async function uninstall(cluster: ClusterRecord, folder: string, progress: Progress): Promise<void> {
  const words = { doing: 'removing what the demo put into the cluster', done: 'removed', usualSeconds: 30 };
  await progress.step('uninstall', words, async () => {
    const away = ['--ignore-not-found', '--wait=false'];
    const remove = async (where: string, path: string): Promise<void> => {
      if (!existsSync(path)) return;
      // A kind whose definition is gone makes kubectl complain; the rest is deleted all the same.
      await tryKubectl(cluster, ['delete', where, path, ...away], { timeoutMs: 120_000 });
    };
    await remove('-k', join(folder, 'samples'));
    const gone = [
      'wait',
      '--for=delete',
      'ns/acme-train',
      'ns/globex-infer',
      'ns/growth',
      `--timeout=${WAIT_SECONDS}s`,
    ];
    const waited = await tryKubectl(cluster, gone, { timeoutMs: (WAIT_SECONDS + 15) * 1000 });
    if (waited.code !== 0) await releasePods(cluster);
    await remove('-k', join(folder, 'install'));
    await remove('-f', join(folder, 'nodes.json'));
    const last = await tryKubectl(cluster, ['wait', '--for=delete', 'ns/gpuopt-system', `--timeout=${WAIT_SECONDS}s`]);
    if (last.code !== 0) throw new Error(`namespace gpuopt-system does not end: ${last.stderr.trim()}`);
  });
}

/** Lets pods go that the operator cannot release any more, because it does not run. */
async function releasePods(cluster: ClusterRecord): Promise<void> {
  const pods = await listAll<Finalized>((args, how) => kubectl(cluster, args, how), 'pods');
  for (const { metadata } of pods) {
    const { name, namespace, finalizers = [] } = metadata;
    if (!finalizers.includes(METERING)) continue;
    const patch = JSON.stringify({ metadata: { finalizers: finalizers.filter((each) => each !== METERING) } });
    await tryKubectl(cluster, ['patch', 'pod', name, '-n', namespace, '--type=merge', '-p', patch]);
  }
}
