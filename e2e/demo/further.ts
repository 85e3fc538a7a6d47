import { writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Places } from './collect.ts';
import { root } from './context.ts';
import type { PodFact } from './facts.ts';

/** Writes what a shell needs to look further, as a file to be sourced; answers its path. */
export async function writeEnvironment(folder: string, { cluster, server }: Places): Promise<string> {
  const file = join(folder, 'env');
  const path = [cluster.record.kubectl, join(root, 'operator/cli'), dirname(process.execPath)].join(':');
  const lines = [
    `export KUBECONFIG='${cluster.kubeconfig}'`,
    `export GPUOPT_SERVER='${server}'`,
    `export PATH='${path}':"$PATH"`,
  ];
  await writeFile(file, `${lines.join('\n')}\n`);
  return file;
}

/** What to type next: all of it works in a shell that has sourced `environment`. */
export function nextCommands(environment: string, log: string, waiting: PodFact | undefined): string {
  const lines = [
    `. ${environment}   # kubectl, gpuopt and their settings, for this shell`,
    'kubectl get gpuopt -A',
    'kubectl get pods -A --field-selector=status.phase=Pending',
    ...(waiting === undefined ? [] : [`gpuopt why pod/${waiting.name} -n ${waiting.namespace}`]),
    'gpuopt usage show --tenant acme',
    'gpuopt doctor',
    `# the operator's log: ${log}`,
    'make demo-down',
  ];
  return `\nLook further:\n${lines.map((line) => `  ${line}`).join('\n')}\n`;
}
