import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Authority, createAuthority } from '../../../operator/runtime/testing/index.ts';

/** A Secret of type kubernetes.io/tls as a pod sees it: links over a folder that is swapped as a whole. */
export interface MountedCertificate {
  readonly folder: string;
  /** The authority in PEM and base64, as `caBundle` of a webhook. */
  readonly caBundle: string;
  readonly authority: Authority;
  /** Issues a new certificate for the host and swaps it in; the common name tells which one is served. */
  mount(commonName: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes an authority and mounts a first certificate for an address. */
export async function mountedCertificate(host: string): Promise<MountedCertificate> {
  const folder = await mkdtemp(join(tmpdir(), 'webhook-certificates-'));
  const authority = createAuthority();
  for (const name of ['tls.crt', 'tls.key']) await symlink(`..data/${name}`, join(folder, name));
  const mount = async (commonName: string): Promise<void> => {
    const { cert, key } = authority.issue({ commonName, ips: [host] });
    await mkdir(join(folder, commonName));
    await writeFile(join(folder, commonName, 'tls.crt'), cert);
    await writeFile(join(folder, commonName, 'tls.key'), key);
    await symlink(commonName, join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
  };
  await mount('first');
  const caBundle = Buffer.from(authority.cert).toString('base64');
  return { folder, caBundle, authority, mount, remove: () => rm(folder, { recursive: true, force: true }) };
}
