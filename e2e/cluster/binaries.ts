import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { ClusterError } from './cluster-error.ts';
import { takeLock } from './lock.ts';
import { type GoModule, goModules, type ModuleName } from './modules.ts';
import { requireGo } from './prerequisites.ts';
import type { Progress } from './progress.ts';

const MODULES_FOLDER = join(import.meta.dirname, 'modules');
/** Standard error of a failed build that is worth repeating in the message; the whole of it is in the log. */
const TAIL_CHARACTERS = 2_000;

/** The folder where built programs are kept between runs: `$XDG_CACHE_HOME/gpuopt` or `~/.cache/gpuopt`. */
export function cacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'gpuopt');
}

/**
 * The folder with a module's programs, built from its pinned sources first if this machine has not built them yet.
 * Throws `PrerequisiteMissing` without Go, `BuildFailed` with the compiler's last words.
 */
export async function programsOf(name: ModuleName, progress: Progress): Promise<string> {
  return await programsIn({ name, module: goModules[name], sources: join(MODULES_FOLDER, name) }, progress);
}

/** A Go module of this repository: the folder `sources` with its go.mod, and how to build it. */
export interface ModuleSources {
  readonly name: string;
  readonly module: GoModule;
  readonly sources: string;
}

/** As `programsOf`, for a module that is not part of the cluster. */
export async function programsIn(from: ModuleSources, progress: Progress): Promise<string> {
  const { name, module } = from;
  const folder = join(cacheFolder(), await cacheKey(from));
  if (existsSync(folder)) return folder;
  await requireGo();
  const lock = await takeLock(`build ${folder}`, `building ${name}`, { wait: true });
  try {
    if (existsSync(folder)) return folder;
    await progress.step(
      name,
      { doing: `building ${module.version}`, done: 'built', usualSeconds: module.usualSeconds },
      () => build(from, folder),
    );
    return folder;
  } finally {
    await lock.release();
  }
}

/** Builds each module that is not built yet, one after the other: one build already uses every core. */
export async function buildAll(names: readonly ModuleName[], progress: Progress): Promise<void> {
  for (const name of names) await programsOf(name, progress);
}

/** The path of one program, as in `program('prometheus', 'promtool', progress)`; built on demand. */
export async function program(module: ModuleName, name: string, progress: Progress): Promise<string> {
  return join(await programsOf(module, progress), name);
}

async function cacheKey({ name, module, sources }: ModuleSources): Promise<string> {
  const recipe = module.targets.map((target) => goArguments(module, target.package, target.program));
  const hash = createHash('sha256').update(JSON.stringify([recipe, module.targets, process.arch]));
  const code = (await readdir(sources)).filter((file) => file.endsWith('.go')).sort();
  for (const file of ['go.mod', 'go.sum', ...code]) {
    const path = join(sources, file);
    if (existsSync(path)) hash.update(await readFile(path));
  }
  return `${name}-${module.version}-${hash.digest('hex').slice(0, 12)}`;
}

async function build({ name, module, sources }: ModuleSources, folder: string): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  await removeAbandoned(folder);
  const scratch = await mkdtemp(`${folder}.part-`);
  try {
    for (const target of module.targets) {
      await goBuild(name, sources, goArguments(module, target.package, join(scratch, target.program)));
      for (const alias of target.aliases ?? []) await symlink(target.program, join(scratch, alias));
    }
    await rename(scratch, folder);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Removes what builds that were killed have left; the caller holds the lock, so no other build is under way. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(dirname(folder))) {
    if (!name.startsWith(`${basename(folder)}.part-`)) continue;
    await rm(join(dirname(folder), name), { recursive: true, force: true });
  }
}

/** The arguments of `go` that build one package reproducibly: no paths of this machine, no version control stamp. */
export function goArguments(module: GoModule, packagePath: string, output: string): readonly string[] {
  const variables = Object.entries(module.variables ?? {}).map(([key, value]) => `-X ${key}=${value}`);
  const tags = module.tags === undefined ? [] : ['-tags', module.tags.join(',')];
  return [
    'build',
    '-mod=readonly',
    '-buildvcs=false',
    '-trimpath',
    ...tags,
    '-ldflags',
    ['-s', '-w', ...variables].join(' '),
    '-o',
    output,
    packagePath,
  ];
}

async function goBuild(name: string, sources: string, args: readonly string[]): Promise<void> {
  const said: string[] = [];
  const code = await new Promise<number>((resolve, reject) => {
    // Building is the one thing here that takes all cores for minutes; it yields to whatever else runs.
    const child = spawn('nice', ['go', ...args], {
      cwd: sources,
      env: { ...process.env, CGO_ENABLED: '0', GOWORK: 'off' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8');
    child.stderr.on('data', (chunk: string) => said.push(chunk));
    child.once('error', reject);
    child.once('close', (status) => resolve(status ?? 128));
  });
  if (code === 0) return;
  throw new ClusterError(
    'BuildFailed',
    `go build of ${name} ended with ${code}; if a module could not be fetched, check GOPROXY. ` +
      `It said: ${said.join('').slice(-TAIL_CHARACTERS)}`,
  );
}
