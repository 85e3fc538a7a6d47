import { readdirSync, readFileSync } from 'node:fs';

/** Kills with SIGKILL the operator's process in the pod with that uid, from the machine under the node; says how many it killed. */
export function killInPod(uid: string): number {
  const pids = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => textOf(`/proc/${pid}/cgroup`).replaceAll('_', '-').includes(uid))
    .filter((pid) => textOf(`/proc/${pid}/cmdline`).includes('gpuopt.mjs'));
  for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  return pids.length;
}

/** The file, or nothing when its process has ended meanwhile. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
