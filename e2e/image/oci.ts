import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { rename } from 'node:fs/promises';

import { type TarEntry, tarOf } from './tar.ts';

/** How the image's process runs. */
export interface ImageConfig {
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  /** `uid:gid`, as numbers. */
  readonly user: string;
  readonly workingDir: string;
}

/** An image archive on disk and the digest of its manifest. */
export interface ImageArchive {
  readonly archive: string;
  readonly digest: string;
}

interface Blob {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
  readonly content: Buffer;
}

/**
 * Writes an OCI image layout as one tar with the given layers, lowest first. Nothing in it depends on the time or the
 * machine beyond the entries: the same input has the same digest. Layers are not compressed: they never travel.
 */
export async function writeImage(
  path: string,
  name: string,
  config: ImageConfig,
  layers: readonly (readonly TarEntry[])[],
): Promise<ImageArchive> {
  const layerBlobs = layers.map((entries) =>
    blob('application/vnd.oci.image.layer.v1.tar', Buffer.concat([...tarOf(entries)])),
  );
  const configBlob = jsonBlob('application/vnd.oci.image.config.v1+json', {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      User: config.user,
      Env: config.env,
      Entrypoint: config.entrypoint,
      WorkingDir: config.workingDir,
    },
    rootfs: { type: 'layers', diff_ids: layerBlobs.map((each) => each.digest) },
  });
  const manifest = jsonBlob('application/vnd.oci.image.manifest.v1+json', {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: descriptor(configBlob),
    layers: layerBlobs.map(descriptor),
  });
  const index = {
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.index.v1+json',
    manifests: [
      {
        ...descriptor(manifest),
        annotations: {
          'io.containerd.image.name': name,
          'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
        },
      },
    ],
  };
  const blobs = new Map([...layerBlobs, configBlob, manifest].map((each) => [each.digest, each]));
  await writeArchive(path, [
    { path: 'oci-layout', kind: 'file', mode: 0o644, content: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', kind: 'file', mode: 0o644, content: Buffer.from(JSON.stringify(index)) },
    { path: 'blobs', kind: 'directory', mode: 0o755 },
    { path: 'blobs/sha256', kind: 'directory', mode: 0o755 },
    ...[...blobs.values()].map(
      (each): TarEntry => ({
        path: `blobs/${each.digest.replace(':', '/')}`,
        kind: 'file',
        mode: 0o644,
        content: each.content,
      }),
    ),
  ]);
  return { archive: path, digest: manifest.digest };
}

function blob(mediaType: string, content: Buffer): Blob {
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  return { mediaType, digest, size: content.length, content };
}

function jsonBlob(mediaType: string, value: object): Blob {
  return blob(mediaType, Buffer.from(JSON.stringify(value)));
}

function descriptor({ mediaType, digest, size }: Blob): object {
  return { mediaType, digest, size };
}

async function writeArchive(path: string, entries: readonly TarEntry[]): Promise<void> {
  const part = `${path}.part`;
  const stream = createWriteStream(part);
  for (const chunk of tarOf(entries)) {
    if (!stream.write(chunk)) await once(stream, 'drain');
  }
  stream.end();
  await once(stream, 'close');
  await rename(part, path);
}
