import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { ClusterError } from './cluster-error.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');

/** Where a cluster comes from: built from Go modules, made by kind, or someone else's by KUBECONFIG_E2E. */
export type ClusterKind = 'built' | 'kind' | 'external';

/** The node on which containers truly run, or why there is none and what to do about it. */
export type RealNode = { readonly name: string } | { readonly skipped: string };

/** What is known about a running cluster: the content of `cluster.json`. */
export interface ClusterRecord {
  readonly kind: ClusterKind;
  /** The Kubernetes version, as in `v1.37.2`. */
  readonly version: string;
  readonly apiServer: string;
  readonly kubeconfig: string;
  /** The address of this machine that pods on the real node can reach; undefined where no pod runs for real. */
  readonly hostAddress?: string;
  readonly realNode: RealNode;
  /** Whether KWOK plays the nodes that carry the annotation `kwok.x-k8s.io/node: fake`; false on external clusters. */
  readonly fakeNodes: boolean;
  /** The folder with the kubectl that fits the cluster. */
  readonly kubectl: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly network?: ClusterNetwork;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
}

/** The address ranges of a built cluster, all within one free 10.x.0.0/16. */
export interface ClusterNetwork {
  readonly hostAddress: string;
  readonly nodeAddress: string;
  readonly linkPrefix: number;
  readonly serviceRange: string;
  readonly kubernetesService: string;
  readonly podRange: string;
  /** Addresses that KWOK gives to pods on fake nodes; nothing listens there. */
  readonly fakePodRange: string;
}

/** The folder with everything that a running cluster owns; `$GPUOPT_STATE/cluster`, or `.gpuopt/cluster` here. */
export function stateFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.GPUOPT_STATE || join(REPOSITORY, '.gpuopt'), 'cluster');
}

/** Six hexadecimal characters that tell clusters on one machine apart: interfaces, namespaces and cgroups carry them. */
export function clusterId(folder: string): string {
  return createHash('sha256').update(folder).digest('hex').slice(0, 6);
}

/** The record of the cluster in a state folder, or undefined when no start has finished there. */
export async function readRecord(folder: string): Promise<ClusterRecord | undefined> {
  const path = recordPath(folder);
  if (!existsSync(path)) return undefined;
  const text = await readFile(path, 'utf8');
  try {
    const record: ClusterRecord = JSON.parse(text);
    return record;
  } catch (cause) {
    throw new ClusterError('ClusterAbsent', `${path} is not JSON; remove it and start the cluster again`, { cause });
  }
}

/** Writes the record so that a reader sees the old or the new one, never half of it. */
export async function writeRecord(folder: string, record: ClusterRecord): Promise<void> {
  await writeWhole(recordPath(folder), `${JSON.stringify(record, null, 2)}\n`);
}

/** Forgets the cluster: from now on readers see none. */
export async function removeRecord(folder: string): Promise<void> {
  await rm(recordPath(folder), { force: true });
}

/** Writes a file by renaming a finished one into place, making its folder first; readable by the owner alone. */
export async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function recordPath(folder: string): string {
  return join(folder, 'cluster.json');
}
