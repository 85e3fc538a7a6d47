import { existsSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { writeWhole } from '../cluster/state.ts';
import { root } from './context.ts';

/** What `make demo` started, so that `make demo-down` stops exactly that. */
export interface DemoRecord {
  /** Whether the demo started the cluster; a cluster that was up before stays up. */
  readonly ownsCluster: boolean;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
}

/** The folder of the demo: `$GPUOPT_STATE/demo`, or `.gpuopt/demo` in the checkout. */
export function demoFolder(env: NodeJS.ProcessEnv = process.env): string {
  return resolve(env.GPUOPT_STATE || join(root, '.gpuopt'), 'demo');
}

/** The record of a demo that was started and not stopped. */
export async function readDemo(folder: string): Promise<DemoRecord | undefined> {
  const path = join(folder, 'demo.json');
  if (!existsSync(path)) return undefined;
  const record: DemoRecord = JSON.parse(await readFile(path, 'utf8'));
  return record;
}

/** Writes the record whole. */
export async function writeDemo(folder: string, record: DemoRecord): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeWhole(join(folder, 'demo.json'), `${JSON.stringify(record, null, 2)}\n`);
}

/** Removes everything that the demo kept. */
export async function forgetDemo(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}
