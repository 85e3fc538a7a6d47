import { program } from '../cluster/binaries.ts';
import { runCommand } from '../cluster/commands.ts';
import { containerdSocket } from '../cluster/node-files.ts';
import type { Progress } from '../cluster/progress.ts';

const IMPORT_LIMIT_MS = 300_000;

/** An archive to give to a cluster's real node, under the name that is written in it. */
export interface ImageImport {
  /** The cluster's state folder. */
  readonly folder: string;
  readonly name: string;
  readonly archive: string;
}

/** Imports an image archive into the containerd of the built cluster's real node. */
export async function importImage({ folder, name, archive }: ImageImport, progress: Progress): Promise<void> {
  const ctr = await program('containerd', 'ctr', progress);
  await progress.step('image', { doing: `loading ${name}`, done: `loaded ${name}` }, () =>
    runCommand(
      [ctr, '-a', containerdSocket(folder), '-n', 'k8s.io', 'images', 'import', '--local', '--digests', archive],
      { timeoutMs: IMPORT_LIMIT_MS },
    ),
  );
}
