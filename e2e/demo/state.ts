import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, rmdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { runningCluster } from '../cluster/lifecycle.ts';
import { isAlive, readProcesses } from '../cluster/processes.ts';
import { writeWhole } from '../cluster/state.ts';
import { root } from './context.ts';

/** What `make demo` started, so that `make demo-down` stops exactly that. */
export interface DemoRecord {
  /** Whether the demo started the cluster; a cluster that was up before stays up. */
  readonly ownsCluster: boolean;
  /** RFC 3339, UTC. */
  readonly startedAt: string;
  /** Whether the start came to its end; false while it runs, and after it was cut short. */
  readonly finished: boolean;
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

/** Removes everything that the demo kept, and the folder around it if nothing else is in it. */
export async function forgetDemo(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
  const state = dirname(folder);
  if (existsSync(state) && (await readdir(state)).length === 0) await rmdir(state);
}

/** Whether a demo came to its end and all of it still runs. */
export async function standsWhole(folder: string, { finished }: DemoRecord): Promise<boolean> {
  if (!finished || (await runningCluster(join(dirname(folder), 'cluster'))) === undefined) return false;
  return (await readProcesses(folder)).every(isAlive);
}
