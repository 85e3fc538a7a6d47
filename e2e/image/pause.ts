import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { program } from '../cluster/binaries.ts';
import type { Progress } from '../cluster/progress.ts';
import { writeImage } from './oci.ts';

/** Builds the image that holds a pod's namespaces open and returns the path of its archive. */
export async function pauseImage(folder: string, name: string, progress: Progress): Promise<string> {
  const content = await readFile(await program('pause', 'pause', progress));
  const images = join(folder, 'images');
  await mkdir(images, { recursive: true });
  const { archive } = await writeImage(
    join(images, 'pause.tar'),
    name,
    { entrypoint: ['/pause'], env: ['PATH=/'], user: '65535:65535', workingDir: '/' },
    [[{ path: 'pause', kind: 'file', mode: 0o755, content }]],
  );
  return archive;
}
