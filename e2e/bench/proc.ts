import { readFileSync, writeFileSync } from 'node:fs';

/** Kernel clock ticks a second, as /proc states times; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;
/** Written to clear_refs, it sets the peak of the resident set back to what is resident now (proc(5)). */
const RESET_PEAK = '5';

/** What a process uses. */
export interface ProcessUse {
  readonly rssMiB: number;
  /** Largest since its start or the last `resetPeak`. */
  readonly peakRssMiB: number;
  /** User and system time since its start. */
  readonly cpuSeconds: number;
}

/** Reads memory and CPU time of a process from /proc. */
export function processUse(pid: number): ProcessUse {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const kib = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? Number.NaN);
  return {
    rssMiB: kib('VmRSS') / 1024,
    peakRssMiB: kib('VmHWM') / 1024,
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND,
  };
}

/** Begins a new peak of the resident set of a process of this user. */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, RESET_PEAK);
}
