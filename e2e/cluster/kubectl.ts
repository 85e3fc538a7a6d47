import { join } from 'node:path';

import { type CommandOptions, type CommandResult, runCommand, tryCommand } from './commands.ts';
import type { ClusterRecord } from './state.ts';

/** Runs kubectl against the cluster and returns its standard output; a failure is `CommandFailed` with its words. */
export async function kubectl(
  cluster: Pick<ClusterRecord, 'kubectl' | 'kubeconfig'>,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<string> {
  return await runCommand(commandLine(cluster, args), options);
}

/** Runs kubectl and returns what it said and its exit status, for commands that are expected to fail. */
export async function tryKubectl(
  cluster: Pick<ClusterRecord, 'kubectl' | 'kubeconfig'>,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return await tryCommand(commandLine(cluster, args), options);
}

function commandLine(
  cluster: Pick<ClusterRecord, 'kubectl' | 'kubeconfig'>,
  args: readonly string[],
): readonly [string, ...string[]] {
  return [join(cluster.kubectl, 'kubectl'), `--kubeconfig=${cluster.kubeconfig}`, ...args];
}
