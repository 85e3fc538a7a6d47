import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { bundleEntry } from '../../image/bundle.ts';

/** The program of the processes under test, bundled as the image is: they start often. */
export interface Program {
  readonly path: string;
  remove(): Promise<void>;
}

/** The program as it is written; embedded databases need it, because PGlite loads files from beside its own. */
export const sourcePath = join(import.meta.dirname, 'subject', 'main.ts');

/** Bundles the program into a temporary folder. */
export async function bundleProgram(): Promise<Program> {
  const folder = await mkdtemp(join(tmpdir(), 'gpuopt-subject-'));
  await bundleEntry({ subject: sourcePath }, folder);
  return { path: join(folder, 'subject.mjs'), remove: () => rm(folder, { recursive: true, force: true }) };
}
