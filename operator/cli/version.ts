import manifest from '../../package.json' with { type: 'json' };
import { kinds } from '../api/index.ts';

/** The version of the release alone. */
export function releaseText(): string {
  return manifest.version;
}

/** What `gpuopt --version` prints: equal sources give equal text, whatever the commit and the machine they were built on. */
export function versionText(): string {
  const { version, platform, arch } = process;
  const { group, version: api } = kinds.GPUPool;
  return `gpuopt ${manifest.version} (${group}/${api}, Node ${version}, ${platform}-${arch})`;
}
