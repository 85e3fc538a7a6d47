import { existsSync } from 'node:fs';
import { lstat, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { ClusterError } from '../cluster/cluster-error.ts';
import { runCommand } from '../cluster/commands.ts';
import { type ImageArchive, writeImage } from './oci.ts';
import type { TarEntry } from './tar.ts';

/** The user as which the image runs: distroless' `nonroot`. */
const NONROOT = 65_532;
const NODE_IN_IMAGE = 'usr/local/bin/node';
const CERTIFICATES = 'etc/ssl/certs/ca-certificates.crt';

/** What goes into an image of a Node program. */
export interface ImageSpec {
  /** A folder whose content becomes `/app`. */
  readonly bundleDir: string;
  /** The image's name with its tag, as in `gpuoptimizer.io/gpuopt:dev`. */
  readonly name: string;
  /** The command line, as in `['/usr/local/bin/node', '/app/main.js']`. */
  readonly entrypoint: readonly string[];
  /** Where the archive is written; its folder is made. */
  readonly archive: string;
  /** The Node to put in; the one that runs this unless given. */
  readonly node?: string;
}

/**
 * Builds an image without a container engine: Node with its shared libraries, CA certificates, an unprivileged user,
 * and the bundle under `/app`, as two layers. Deterministic for the same inputs.
 */
export async function buildImage(spec: ImageSpec): Promise<ImageArchive> {
  if (!existsSync(spec.bundleDir)) {
    throw new ClusterError('Unsupported', `there is no bundle in ${spec.bundleDir}; build it before the image`);
  }
  await mkdir(dirname(spec.archive), { recursive: true });
  const system = await systemEntries(spec.node ?? process.execPath);
  const app = [directory('app'), ...(await entriesBelow(spec.bundleDir, 'app'))];
  const config = {
    entrypoint: spec.entrypoint,
    env: [
      'PATH=/usr/local/bin:/usr/bin:/bin',
      'NODE_ENV=production',
      'HOME=/home/nonroot',
      `SSL_CERT_FILE=/${CERTIFICATES}`,
    ],
    user: `${NONROOT}:${NONROOT}`,
    workingDir: '/app',
  };
  return await writeImage(spec.archive, spec.name, config, [withParents(system), withParents(app)]);
}

async function systemEntries(node: string): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [
    { path: NODE_IN_IMAGE, kind: 'file', mode: 0o755, content: await readFile(node) },
    text(
      'etc/passwd',
      `root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:${NONROOT}:${NONROOT}::/home/nonroot:/sbin/nologin\n`,
    ),
    text('etc/group', `root:x:0:\nnonroot:x:${NONROOT}:\n`),
    text('etc/nsswitch.conf', 'hosts: files dns\n'),
    { path: 'tmp', kind: 'directory', mode: 0o1777 },
    { path: 'home/nonroot', kind: 'directory', mode: 0o755, owner: NONROOT },
  ];
  for (const library of sharedLibraries(await runCommand(['ldd', node]))) {
    entries.push({ path: library.slice(1), kind: 'file', mode: 0o755, content: await readFile(library) });
  }
  // Without certificates of the system Node falls back on those compiled into it.
  if (existsSync(`/${CERTIFICATES}`)) {
    entries.push({ path: CERTIFICATES, kind: 'file', mode: 0o644, content: await readFile(`/${CERTIFICATES}`) });
  }
  return entries;
}

/** The absolute paths in the output of `ldd`, the loader included; the kernel's own vdso has none. */
export function sharedLibraries(ldd: string): readonly string[] {
  const paths = ldd.split('\n').flatMap((line) => /(?:=>\s+|^\s*)(\/\S+)\s+\(0x/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

async function entriesBelow(folder: string, prefix: string): Promise<readonly TarEntry[]> {
  const entries: TarEntry[] = [];
  for (const name of await readdir(folder)) {
    const path = resolve(folder, name);
    const inside = join(prefix, name);
    const stat = await lstat(path);
    if (stat.isDirectory()) entries.push(directory(inside), ...(await entriesBelow(path, inside)));
    if (stat.isSymbolicLink())
      entries.push({ path: inside, kind: 'symlink', mode: 0o777, target: await readlink(path) });
    if (stat.isFile()) {
      // Only "executable or not" is taken over, so that the umask of a checkout does not change the digest.
      const mode = (stat.mode & 0o100) === 0 ? 0o644 : 0o755;
      entries.push({ path: inside, kind: 'file', mode, content: await readFile(path) });
    }
  }
  return entries;
}

/** Adds the folders that entries lie in, each once. */
export function withParents(entries: readonly TarEntry[]): readonly TarEntry[] {
  const known = new Map(entries.map((entry) => [entry.path, entry]));
  for (const { path } of entries) {
    for (let parent = dirname(path); parent !== '.'; parent = dirname(parent)) {
      if (!known.has(parent)) known.set(parent, directory(parent));
    }
  }
  return [...known.values()];
}

function directory(path: string): TarEntry {
  return { path, kind: 'directory', mode: 0o755 };
}

function text(path: string, content: string): TarEntry {
  return { path, kind: 'file', mode: 0o644, content: Buffer.from(content) };
}
