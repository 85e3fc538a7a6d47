import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, readProcess, startProcess } from '../cluster/processes.ts';
import { root } from './context.ts';

/** What a peer says of itself in its first line, as JSON: a `url`, and whatever else it offers. */
export type Greeting = Readonly<Record<string, unknown>> & { readonly url?: string };

const GREETING_WAIT_MS = 60_000;

/** Starts a peer of this repository as a process that outlives the caller, and waits for its first JSON line. */
export async function startPeer(
  folder: string,
  name: string,
  script: string,
  args: readonly string[],
): Promise<Greeting> {
  return await startTalker(folder, name, [process.execPath, join(root, script), ...args]);
}

/** Starts any program whose output has one line of JSON; earlier lines of plain text are ignored. */
export async function startTalker(
  folder: string,
  name: string,
  argv: readonly [string, ...string[]],
): Promise<Greeting> {
  const running = await readProcess(folder, name);
  if (running === undefined || !isAlive(running)) await rm(join(folder, 'logs', `${name}.log`), { force: true });
  const record = await startProcess(folder, { name, argv });
  const until = Date.now() + GREETING_WAIT_MS;
  for (;;) {
    const greeting = firstJson(await readFile(record.log, 'utf8'));
    if (greeting !== undefined) return greeting;
    if (!isAlive(record)) throw new Error(`${name} ended before it was ready; its output is in ${record.log}`);
    if (Date.now() > until) throw new Error(`${name} was not ready within 60 s; its output is in ${record.log}`);
    await delay(100);
  }
}

function firstJson(text: string): Greeting | undefined {
  const line = text.split('\n').find((candidate) => candidate.startsWith('{') && candidate.endsWith('}'));
  if (line === undefined) return undefined;
  const greeting: Greeting = JSON.parse(line);
  return greeting;
}
