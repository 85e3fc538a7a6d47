import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Clock } from '../observability/index.ts';
import { liveness, ownIdentity, type ProcessIdentity } from './process-identity.ts';
import { StoreError } from './store-error.ts';

/** Name of the lock file in a data folder. */
export const lockFileName = 'gpuopt.lock';

/** How often the holder touches its lock, so that another container can tell a live holder from a dead one. */
const heartbeatMillis = 10_000;
/** Six missed heartbeats: only then is a holder that cannot be looked at taken for dead. */
const silentMillis = 6 * heartbeatMillis;
/** Long enough for a rival that judged the same stale lock to have finished its rename. */
const settleMillis = 100;

/** A holder that was not seen to hold for so long looks again before it writes; well before it can be taken for dead. */
const doubtMillis = silentMillis / 2;

/** A held lock on a data folder. */
export interface FolderLock {
  /**
   * Throws `StoreLocked` when another process has taken the lock over, as it may from one that was stopped for a minute
   * (SIGSTOP, a frozen container). Reads the file only when that could have happened since the last look.
   */
  verify(): Promise<void>;
  release(): Promise<void>;
}

/**
 * Takes the lock of a data folder for this process, or throws `StoreLocked` naming the holder.
 * The embedded database corrupts a folder that two processes open (electric-sql/pglite#327, #709).
 * The file appears complete and at once (a hard link of a finished file); the lock of a dead process is taken over.
 */
export async function lockFolder(folder: string, clock: Clock): Promise<FolderLock> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, lockFileName);
  const identity = ownIdentity();
  const draft = `${path}.${identity.nonce}`;
  await writeFile(draft, JSON.stringify(identity), { mode: 0o600 });
  try {
    await takeOver(path, draft, identity, clock);
  } finally {
    await rm(draft, { force: true });
  }
  return hold(path, identity, clock);
}

async function takeOver(path: string, draft: string, identity: ProcessIdentity, clock: Clock): Promise<void> {
  if (await linked(draft, path)) return;
  const holder = await readHolder(path);
  if (holder !== undefined) {
    if (await isAlive(path, holder, clock)) throw locked(path, holder);
    await setAside(path, holder, identity);
  }
  if (!(await linked(draft, path))) throw locked(path, await readHolder(path));
  await clock.sleep(settleMillis);
  const now = await readHolder(path);
  if (now?.nonce !== identity.nonce) throw locked(path, now);
}

/** Moves a stale lock away; when a rival was quicker and what moved was its fresh lock, puts that back. */
async function setAside(path: string, stale: ProcessIdentity, identity: ProcessIdentity): Promise<void> {
  const aside = `${path}.stale.${identity.nonce}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readHolder(aside);
  if (moved?.nonce !== stale.nonce) await linked(aside, path);
  await rm(aside, { force: true });
}

async function isAlive(path: string, holder: ProcessIdentity, clock: Clock): Promise<boolean> {
  const life = liveness(holder);
  if (life !== 'unknown') return life === 'alive';
  const touched = await stat(path).then(
    (found) => found.mtimeMs,
    () => 0,
  );
  return clock.now() - touched < silentMillis;
}

function locked(path: string, holder: ProcessIdentity | undefined): StoreError {
  const who = holder === undefined ? 'another process' : `process ${holder.pid}`;
  const remedy =
    holder === undefined
      ? 'try again'
      : `stop it first (kill ${holder.pid}), choose another --data-dir, or use PostgreSQL with --database-url, which many processes may open`;
  return new StoreError('StoreLocked', `the data folder's lock ${path} is held by ${who}: ${remedy}`);
}

function lost(path: string, holder: ProcessIdentity | undefined): StoreError {
  const who = holder === undefined ? 'nobody' : `process ${holder.pid}`;
  return new StoreError(
    'StoreLocked',
    `the data folder's lock ${path} was taken from this process while it was stopped, and is held by ${who} now: start this process again once the other has ended, or use PostgreSQL with --database-url, which many processes may open`,
  );
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

/** What the lock says; undefined when there is none. An unreadable lock counts as held by nobody who can be named. */
async function readHolder(path: string): Promise<ProcessIdentity | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  return parseHolder(text);
}

function parseHolder(text: string): ProcessIdentity {
  const nobody: ProcessIdentity = { pid: 0, startTicks: 'none', domain: 'unreadable lock', nonce: text };
  try {
    const value: unknown = JSON.parse(text);
    return isIdentity(value) ? value : nobody;
  } catch (error) {
    if (error instanceof SyntaxError) return nobody;
    throw error;
  }
}

function isIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== 'object' || value === null) return false;
  if (!('pid' in value) || !('startTicks' in value) || !('domain' in value) || !('nonce' in value)) return false;
  return (
    typeof value.pid === 'number' &&
    [value.startTicks, value.domain, value.nonce].every((part) => typeof part === 'string')
  );
}

function hold(path: string, identity: ProcessIdentity, clock: Clock): FolderLock {
  let provenAt = clock.monotonic();
  const prove = async (): Promise<void> => {
    const lookedAt = clock.monotonic();
    const holder = await readHolder(path);
    if (holder?.nonce !== identity.nonce) throw lost(path, holder);
    const now = new Date();
    await utimes(path, now, now);
    provenAt = lookedAt;
  };
  const beat = setInterval(() => {
    prove().catch((error: unknown) => {
      // A failure to look is tried again. A lock that is lost ends the process, as any error that nobody catches.
      if (!(error instanceof StoreError)) return;
      clearInterval(beat);
      throw error;
    });
  }, heartbeatMillis);
  beat.unref();
  return {
    verify: async () => {
      if (clock.monotonic() - provenAt >= doubtMillis) await prove();
    },
    release: async () => {
      clearInterval(beat);
      const holder = await readHolder(path);
      if (holder?.nonce === identity.nonce) await rm(path, { force: true });
    },
  };
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
