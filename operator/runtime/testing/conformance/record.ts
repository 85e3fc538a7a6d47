/** Records of conversations with a real API server: one file each, committed; a line names the server, then a line a step. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Conversation } from './conversation.ts';
import type { Line } from './play.ts';

/** What a real API server answered. */
export interface Recorded {
  /** The version of Kubernetes that answered, as in `v1.37.2`. */
  readonly server: string;
  readonly lines: readonly Line[];
}

function pathOf({ name }: Conversation): string {
  return join(import.meta.dirname, 'recorded', `${name}.jsonl`);
}

/** Reads the record of a conversation; without lines when it was never recorded. */
export async function readRecorded(conversation: Conversation): Promise<Recorded> {
  const text = await readFile(pathOf(conversation), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{"server":"none"}\n';
    throw error;
  });
  const [first = '', ...rest] = text.trimEnd().split('\n');
  return { ...JSON.parse(first), lines: rest.map((line): Line => JSON.parse(line)) };
}

/** Writes the record of a conversation. */
export async function writeRecorded(conversation: Conversation, { server, lines }: Recorded): Promise<void> {
  const text = [{ server }, ...lines].map((line) => `${JSON.stringify(line)}\n`).join('');
  await writeFile(pathOf(conversation), text);
}
