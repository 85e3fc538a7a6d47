import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

import { ClusterError } from './cluster-error.ts';

/** A lock that is held until `release`, or until the process that holds it ends, however it ends. */
export interface Lock {
  release(): Promise<void>;
}

/** Who holds a lock, in the holder's own words. */
interface LockHolder {
  readonly pid: number;
  readonly doing: string;
}

/**
 * Takes the machine-wide lock called `name`; `doing` is told to whoever finds it taken.
 * The lock is a socket in the kernel's abstract namespace: no file is left behind by a crash, so there is no stale
 * lock to judge. With `wait` it waits for the holder; without, a held lock is `ClusterBusy`.
 */
export async function takeLock(name: string, doing: string, options: { readonly wait: boolean }): Promise<Lock> {
  const path = abstractPath(name);
  for (;;) {
    const lock = await tryLock(path, doing);
    if (lock !== undefined) return lock;
    const holder = await askHolder(path, options.wait);
    if (holder !== undefined && !options.wait) {
      throw new ClusterError(
        'ClusterBusy',
        `process ${holder.pid} is ${holder.doing}; wait until it has finished, or stop it with: kill ${holder.pid}`,
      );
    }
  }
}

function abstractPath(name: string): string {
  return `\0gpuopt-${createHash('sha256').update(name).digest('hex').slice(0, 32)}`;
}

async function tryLock(path: string, doing: string): Promise<Lock | undefined> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
    socket.write(`${JSON.stringify({ pid: process.pid, doing } satisfies LockHolder)}\n`);
  });
  try {
    server.listen({ path });
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  server.unref();
  return { release: () => close(server, sockets) };
}

async function close(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  for (const socket of sockets) socket.destroy();
  await closed;
}

/** The holder's words, or undefined when it let go meanwhile; with `untilGone`, returns only when it has let go. */
async function askHolder(path: string, untilGone: boolean): Promise<LockHolder | undefined> {
  const socket = connect({ path });
  let text = '';
  socket.setEncoding('utf8');
  return await new Promise((resolve) => {
    socket.on('data', (chunk: string) => {
      text += chunk;
      if (!untilGone && text.includes('\n')) socket.destroy();
    });
    socket.on('error', () => socket.destroy());
    socket.once('close', () => resolve(parseHolder(text)));
  });
}

function parseHolder(text: string): LockHolder | undefined {
  if (!text.includes('\n')) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null || !('pid' in value) || !('doing' in value)) return undefined;
  if (typeof value.pid !== 'number' || typeof value.doing !== 'string') return undefined;
  return { pid: value.pid, doing: value.doing };
}
