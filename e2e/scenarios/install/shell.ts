import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, tryCommand } from '../../cluster/commands.ts';
import type { Cluster } from '../../cluster/index.ts';

/** The checkout's root. */
export const root = join(import.meta.dirname, '../../..');

/** The shell block of docs/operations.md below a heading, as a reader would copy it. */
export function documentedBlock(heading: string): string {
  const text = readFileSync(join(root, 'docs/operations.md'), 'utf8');
  const chapter = text.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const block = /```sh\n([\s\S]*?)```/.exec(chapter)?.[1];
  if (block === undefined) throw new Error(`docs/operations.md has no shell block below "${heading}"`);
  return block;
}

/** Runs a block in a checkout with the cluster's kubectl on the PATH and its kubeconfig. */
export async function inShell({ record, kubeconfig }: Cluster, block: string): Promise<CommandResult> {
  const env = { ...process.env, KUBECONFIG: kubeconfig, PATH: `${record.kubectl}:${process.env.PATH}` };
  return await tryCommand(['bash', '-euo', 'pipefail', '-c', block], { cwd: root, env, timeoutMs: 300_000 });
}
