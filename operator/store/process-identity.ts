import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** Which process this is, so that a later reader can tell whether it still lives. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process in clock ticks since boot; empty where the system does not tell. */
  readonly startTicks: string;
  /** Boot and process-id namespace: pids of two domains cannot be compared. */
  readonly domain: string;
  /** Distinguishes two openings by one process. */
  readonly nonce: string;
}

/** The identity of the running process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTicks: startTicksOf(process.pid) ?? '', domain: domain(), nonce: randomUUID() };
}

/** Whether the process named by `identity` still runs; `unknown` when it lives in another container or boot. */
export function liveness(identity: ProcessIdentity): 'alive' | 'dead' | 'unknown' {
  if (identity.domain !== domain()) return 'unknown';
  if (identity.startTicks !== '') return startTicksOf(identity.pid) === identity.startTicks ? 'alive' : 'dead';
  return signalReaches(identity.pid) ? 'alive' : 'dead';
}

/** Field 22 of /proc/PID/stat, counted after the command's name, which may hold spaces; none when the process is gone or a zombie. */
function startTicksOf(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === undefined) return undefined;
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function domain(): string {
  const boot = readText('/proc/sys/kernel/random/boot_id')?.trim() ?? 'no-boot-id';
  return `${boot}/${pidNamespace()}`;
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch (error) {
    return absent(error, 'no-namespace');
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    return absent(error, undefined);
  }
}

/** `value` when the error says that a file or process is not there; any other error is thrown on. */
function absent<T>(error: unknown, value: T): T {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return value;
  throw error;
}

function signalReaches(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EPERM') return true;
    return false;
  }
}
