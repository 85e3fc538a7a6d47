import { readFileSync } from 'node:fs';

/** Kernel clock ticks a second, as /proc states times; 100 on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** What a process uses. */
export interface ProcessUse {
  readonly rssMiB: number;
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
