import { join } from 'node:path';
import { buildImage } from './build.ts';
import { bundleProject } from './bundle.ts';
import type { ImageArchive } from './oci.ts';

/** The name of the project's image on the test cluster; config/manager asks for it. */
export const PROJECT_IMAGE = 'gpuoptimizer.io/gpuopt:dev';

/** The command that the image runs; arguments are those of `gpuopt`. */
const ENTRYPOINT = ['/usr/local/bin/node', '/app/gpuopt.mjs'];

/** Bundles the project and makes its image, without a container engine; the archive is written below `folder`. */
export async function buildProjectImage(folder: string): Promise<ImageArchive> {
  const { out } = await bundleProject();
  return await buildImage({
    bundleDir: out,
    name: PROJECT_IMAGE,
    entrypoint: ENTRYPOINT,
    archive: join(folder, 'images', 'gpuopt.tar'),
  });
}
