/** The certificate of the webhook server: read from a folder, and read again when it changes. */
import { X509Certificate } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import type { Clock } from '../../observability/index.ts';

/** A certificate and its key, in PEM, that belong together. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
  /** When the certificate ends, milliseconds since 1970 UTC. */
  readonly expires: number;
}

/**
 * A certificate that cannot be used; the message names the file and what to do.
 * @remedy mount a key and a certificate that belong together at the paths that the message names
 */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code = 'CertificateError';
}

/** How often the files are read when no notice of a change comes: not every file system sends one. */
const pollMillis = 10_000;
/** A swap is several steps on the disk: after a notice this is waited for, and after a failure before the next try. */
const settleMillis = 1_000;

/** Reads `tls.crt` and `tls.key` of a folder, as a Secret of type kubernetes.io/tls is mounted. Throws `CertificateError`. */
export async function readKeyPair(folder: string): Promise<KeyPair> {
  const cert = await readPem(join(folder, 'tls.crt'));
  const key = await readPem(join(folder, 'tls.key'));
  try {
    // Throws when the key is another certificate's.
    createSecureContext({ cert, key });
    return { cert, key, expires: new X509Certificate(cert).validToDate.getTime() };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateError(`tls.crt and tls.key in ${folder} are no pair: ${why}; issue both anew`, { cause });
  }
}

async function readPem(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new CertificateError(`${file} cannot be read (${why}); mount a Secret of type kubernetes.io/tls there`, {
      cause,
    });
  }
}

/** What is to be told about the folder. */
export interface PairWatch {
  readonly folder: string;
  readonly clock: Clock;
  /** What is in use when the watch begins. */
  readonly first: KeyPair;
  /** Told every pair that differs from the one before. */
  readonly changed: (pair: KeyPair) => void;
  /** Told each reading, and why it failed. */
  readonly read: (failure?: unknown) => void;
}

/**
 * Reads the folder every ten seconds and when the file system tells of a change, until the signal. A pair that cannot be
 * used is told and tried again; the one in use stays.
 */
export async function watchKeyPair(
  { changed, clock, first, folder, read }: PairWatch,
  signal: AbortSignal,
): Promise<void> {
  let current = first;
  const notices = new Notices(folder);
  try {
    let pause = pollMillis;
    while (!signal.aborted) {
      if (await notices.within(pause, clock, signal)) await pauseFor(settleMillis, clock, signal);
      if (signal.aborted) return;
      pause = pollMillis;
      try {
        const pair = await readKeyPair(folder);
        read();
        if (pair.cert === current.cert && pair.key === current.key) continue;
        current = pair;
        changed(pair);
      } catch (failure) {
        read(failure);
        pause = settleMillis;
      }
    }
  } finally {
    notices.close();
  }
}

/** Notices of the file system about a folder; Kubernetes swaps the link `..data` in it. */
class Notices {
  readonly #watcher: FSWatcher | undefined;
  #pending = false;
  #wake: (() => void) | undefined;

  constructor(folder: string) {
    try {
      this.#watcher = watch(folder, { persistent: false }, () => {
        this.#pending = true;
        this.#wake?.();
      });
      // A folder that cannot be watched any longer is still polled.
      this.#watcher.on('error', () => this.close());
    } catch {
      // Too many watches on this machine, or a file system without: polling is enough.
    }
  }

  /** Waits that long, or until a notice; answers whether one came. */
  async within(millis: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
    const wake = new AbortController();
    this.#wake = () => wake.abort();
    if (!this.#pending) await pauseFor(millis, clock, AbortSignal.any([signal, wake.signal]));
    this.#wake = undefined;
    const noticed = this.#pending;
    this.#pending = false;
    return noticed;
  }

  close(): void {
    this.#watcher?.close();
  }
}

/** Waits; an abort ends it early and is no error. */
async function pauseFor(millis: number, clock: Clock, signal: AbortSignal): Promise<void> {
  await clock.sleep(millis, signal).catch(() => undefined);
}
