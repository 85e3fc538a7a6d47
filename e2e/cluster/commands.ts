import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { ClusterError } from './cluster-error.ts';

/** What a finished command said. */
export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How to run a command; `timeoutMs` defaults to a minute, after which it is killed and counts as failed. */
export interface CommandOptions {
  readonly input?: string;
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
// kubectl get -o json of a large fleet is tens of megabytes; beyond this something is wrong.
const MAX_OUTPUT_BYTES = 512 * 1024 * 1024;

/** Runs a program to its end and returns what it said, whatever its exit status; throws only if it cannot be run. */
export async function tryCommand(
  argv: readonly [string, ...string[]],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const [program, ...args] = argv;
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return await new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      timeout: timeoutMs,
      killSignal: 'SIGKILL',
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    let bytes = 0;
    const keep = (into: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES) child.kill('SIGKILL');
      else into.push(chunk);
    };
    child.stdout.on('data', keep(out));
    child.stderr.on('data', keep(err));
    // A program that exits without reading its input closes the pipe; its exit status tells the story.
    child.stdin.on('error', () => child.stdin.destroy());
    child.once('error', (cause) =>
      reject(new ClusterError('CommandFailed', `cannot run ${program}: ${cause.message}`, { cause })),
    );
    child.once('close', (code, signal) => {
      const stderr = Buffer.concat(err).toString('utf8');
      resolve({
        code: code ?? 128,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: signal === null ? stderr : `${stderr}\nended by ${signal} (limit ${timeoutMs / 1000} s)`,
      });
    });
    child.stdin.end(options.input ?? '');
  });
}

/** Runs a program and returns its standard output; a non-zero exit is `CommandFailed` with what it said. */
export async function runCommand(argv: readonly [string, ...string[]], options: CommandOptions = {}): Promise<string> {
  const result = await tryCommand(argv, options);
  if (result.code === 0) return result.stdout;
  const said = (result.stderr.trim() || result.stdout.trim()).slice(-2000);
  throw new ClusterError('CommandFailed', `${argv.join(' ')} ended with ${result.code}: ${said}`);
}

/** Where administrators' programs live; not always on the PATH of the user who calls. */
const SYSTEM_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin', '/usr/local/bin', '/usr/bin', '/bin'];

/** The path of an executable on the PATH or in the system folders, or undefined. */
export function findProgram(name: string, path = process.env.PATH ?? ''): string | undefined {
  for (const folder of [...path.split(delimiter), ...SYSTEM_FOLDERS]) {
    if (folder === '') continue;
    const candidate = join(folder, name);
    if (isExecutable(candidate)) return candidate;
  }
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
