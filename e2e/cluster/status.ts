import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { tryKubectl } from './kubectl.ts';
import { isAlive, readProcesses } from './processes.ts';
import { type ClusterRecord, readRecord } from './state.ts';

/** One process of the cluster, with the memory it holds now. */
export interface ProcessStatus {
  readonly name: string;
  readonly pid: number;
  readonly alive: boolean;
  readonly residentMiB: number;
  readonly log: string;
}

/** What a state folder holds: nothing, a cluster that runs, or the remains of one. */
export interface ClusterStatus {
  readonly state: 'absent' | 'running' | 'damaged';
  readonly folder: string;
  readonly cluster?: ClusterRecord;
  readonly processes: readonly ProcessStatus[];
  readonly nodes?: { readonly ready: number; readonly total: number };
}

/** Looks at the cluster of a state folder; changes nothing. */
export async function clusterStatus(folder: string): Promise<ClusterStatus> {
  if (!existsSync(folder)) return { state: 'absent', folder, processes: [] };
  const cluster = await readRecord(folder);
  const processes = (await readProcesses(folder)).map((record) => ({
    name: record.name,
    pid: record.pid,
    alive: isAlive(record),
    residentMiB: isAlive(record) ? residentMiB(record.pid) : 0,
    log: record.log,
  }));
  if (cluster === undefined || !processes.every(({ alive }) => alive)) {
    return { state: 'damaged', folder, cluster, processes };
  }
  return { state: 'running', folder, cluster, processes, nodes: await countNodes(cluster) };
}

async function countNodes(cluster: ClusterRecord): Promise<ClusterStatus['nodes']> {
  const path = '{range .items[*]}{.status.conditions[?(@.type=="Ready")].status}{"\\n"}{end}';
  const asked = await tryKubectl(cluster, ['get', 'nodes', `-o=jsonpath=${path}`], { timeoutMs: 10_000 });
  if (asked.code !== 0) return undefined;
  const lines = asked.stdout.split('\n').filter((line) => line !== '');
  return { ready: lines.filter((line) => line === 'True').length, total: lines.length };
}

function residentMiB(pid: number): number {
  const path = join('/proc', String(pid), 'status');
  if (!existsSync(path)) return 0;
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(path, 'utf8'))?.[1] ?? '0';
  return Math.round(Number(kilobytes) / 1024);
}

/** The status as lines for a person. */
export function statusText(status: ClusterStatus): string {
  if (status.state === 'absent') return `no cluster in ${status.folder}; start one with: make cluster-up\n`;
  const { cluster } = status;
  const lines: [string, string][] = [['state', describeState(status)]];
  if (cluster !== undefined) {
    lines.push(['cluster', `${cluster.kind}, Kubernetes ${cluster.version}, since ${cluster.startedAt}`]);
    lines.push(['API server', cluster.apiServer], ['kubeconfig', cluster.kubeconfig]);
    lines.push(['real node', 'name' in cluster.realNode ? cluster.realNode.name : cluster.realNode.skipped]);
    lines.push(['host address', cluster.hostAddress ?? 'unknown']);
  }
  if (status.nodes !== undefined) lines.push(['nodes', `${status.nodes.ready} of ${status.nodes.total} Ready`]);
  for (const each of status.processes) {
    lines.push([each.name, each.alive ? `process ${each.pid}, ${each.residentMiB} MiB` : `ended; see ${each.log}`]);
  }
  return lines.map(([name, value]) => `${name.padEnd(20)}${value}\n`).join('');
}

function describeState(status: ClusterStatus): string {
  if (status.state === 'running') return 'running';
  return 'damaged: a start or stop did not finish, or a process ended; the next start or stop cleans up';
}
