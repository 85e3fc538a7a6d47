import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { ClusterError } from './cluster-error.ts';
import { writeWhole } from './state.ts';

/** A program to keep running: its name among the cluster's processes, command line and extra environment. */
export interface ProcessSpec {
  readonly name: string;
  readonly argv: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

/** A started process: `start` (clock ticks since boot) and `boot` tell it from a later one with the same number. */
export interface ProcessRecord extends ProcessSpec {
  readonly pid: number;
  readonly start: string;
  readonly boot: string;
  readonly log: string;
}

const POLL_MS = 50;
const KILL_WAIT_MS = 10_000;

/**
 * Starts a program that outlives this process, its output appended to `logs/NAME.log` in the state folder.
 * The child records itself before it becomes the program, so a crash of the caller leaves no unknown process.
 */
export async function startProcess(folder: string, spec: ProcessSpec): Promise<ProcessRecord> {
  const running = await readProcess(folder, spec.name);
  if (running !== undefined && isAlive(running)) return running;
  await mkdir(join(folder, 'logs'), { recursive: true });
  const statPath = join(folder, 'processes', `${spec.name}.stat`);
  await rm(statPath, { force: true });
  const log = join(folder, 'logs', `${spec.name}.log`);
  await writeWhole(specPath(folder, spec.name), `${JSON.stringify({ ...spec, boot: bootId(), log }, null, 2)}\n`);
  const output = openSync(log, 'a', 0o600);
  try {
    const child = spawn('/bin/sh', ['-c', 'cat /proc/$$/stat >"$0" && exec "$@"', statPath, ...spec.argv], {
      detached: true,
      stdio: ['ignore', output, output],
      env: { ...process.env, ...spec.env },
      cwd: folder,
    });
    await once(child, 'spawn');
    child.unref();
  } finally {
    closeSync(output);
  }
  return await waitForRecord(folder, spec.name);
}

async function waitForRecord(folder: string, name: string): Promise<ProcessRecord> {
  for (let tries = 0; tries < 100; tries += 1) {
    const record = await readProcess(folder, name);
    if (record !== undefined) return record;
    await delay(POLL_MS);
  }
  throw new ClusterError('StartFailed', `${name} did not start; see ${join(folder, 'logs', `${name}.log`)}`);
}

/** The recorded process of that name, alive or not; undefined when none was started. */
export async function readProcess(folder: string, name: string): Promise<ProcessRecord | undefined> {
  const statPath = join(folder, 'processes', `${name}.stat`);
  if (!existsSync(specPath(folder, name)) || !existsSync(statPath)) return undefined;
  const stat = parseStat(await readFile(statPath, 'utf8'));
  if (stat === undefined) return undefined;
  const spec: ProcessSpec & { boot: string; log: string } = JSON.parse(await readFile(specPath(folder, name), 'utf8'));
  return { ...spec, pid: stat.pid, start: stat.start };
}

/** Every process that was started in this state folder, alive or not. */
export async function readProcesses(folder: string): Promise<readonly ProcessRecord[]> {
  const processes = join(folder, 'processes');
  if (!existsSync(processes)) return [];
  const names = (await readdir(processes)).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
  const records = await Promise.all(names.map((name) => readProcess(folder, name)));
  return records.filter((record) => record !== undefined);
}

/** Whether the very process of the record still runs; a zombie or a later process with its number does not count. */
export function isAlive(record: Pick<ProcessRecord, 'pid' | 'start' | 'boot'>): boolean {
  if (record.boot !== bootId()) return false;
  const stat = statOf(record.pid);
  return stat !== undefined && stat.start === record.start && stat.state !== 'Z' && stat.state !== 'X';
}

/** Ends the process of the record, and only that: SIGTERM, and SIGKILL after `graceMs`. Forgets it afterwards. */
export async function stopProcess(folder: string, record: ProcessRecord, graceMs: number): Promise<void> {
  signal(record, 'SIGTERM');
  if (!(await goneWithin(record, graceMs))) {
    signal(record, 'SIGKILL');
    if (!(await goneWithin(record, KILL_WAIT_MS))) {
      throw new ClusterError('StopFailed', `${record.name} (process ${record.pid}) does not end even when killed`);
    }
  }
  await rm(specPath(folder, record.name), { force: true });
  await rm(join(folder, 'processes', `${record.name}.stat`), { force: true });
}

/** Kills the process at once, as a crash would, and waits until it is gone; its record stays for a restart. */
export async function killProcess(record: ProcessRecord): Promise<void> {
  signal(record, 'SIGKILL');
  if (await goneWithin(record, KILL_WAIT_MS)) return;
  throw new ClusterError('StopFailed', `${record.name} (process ${record.pid}) does not end even when killed`);
}

/** Sends a signal if the recorded process still is the one behind the number. */
export function signal(record: Pick<ProcessRecord, 'pid' | 'start' | 'boot'>, name: NodeJS.Signals): void {
  if (!isAlive(record)) return;
  try {
    process.kill(record.pid, name);
  } catch (error) {
    const gone = error instanceof Error && 'code' in error && error.code === 'ESRCH';
    if (!gone) throw error;
  }
}

async function goneWithin(record: ProcessRecord, ms: number): Promise<boolean> {
  const until = Date.now() + ms;
  while (isAlive(record) || hasThreads(record)) {
    if (Date.now() >= until) return false;
    await delay(POLL_MS);
  }
  return true;
}

/** What a line of /proc/PID/stat says: number, one-letter state, and start in clock ticks since boot. */
interface Stat {
  readonly pid: number;
  readonly state: string;
  readonly start: string;
}

/** Reads a line of /proc/PID/stat; the program's name in it may itself hold spaces and brackets (proc(5)). */
export function parseStat(line: string): Stat | undefined {
  const open = line.indexOf('(');
  const close = line.lastIndexOf(')');
  if (open < 0 || close < open) return undefined;
  const fields = line.slice(close + 2).split(' ');
  const [state, start] = [fields[0], fields[19]];
  if (state === undefined || start === undefined) return undefined;
  return { pid: Number.parseInt(line, 10), state, start };
}

/** The identity of a process that runs now, or undefined. */
export function identify(pid: number): Pick<ProcessRecord, 'pid' | 'start' | 'boot'> | undefined {
  const stat = statOf(pid);
  return stat === undefined ? undefined : { pid, start: stat.start, boot: bootId() };
}

/** Whether threads outlive the first one, which is then a zombie; until the last has ended its sockets stay open. */
function hasThreads(record: Pick<ProcessRecord, 'pid' | 'start'>): boolean {
  if (statOf(record.pid)?.start !== record.start) return false;
  try {
    return readdirSync(`/proc/${record.pid}/task`).length > 1;
  } catch {
    return false;
  }
}

function statOf(pid: number): Stat | undefined {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return undefined;
  }
}

function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

function specPath(folder: string, name: string): string {
  return join(folder, 'processes', `${name}.json`);
}
