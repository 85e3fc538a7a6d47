import type { Command } from 'commander';
import { operatorNamespaceOption } from '../live/command-io.ts';
import { createListReader } from '../live/list-reader.ts';
import { type LiveConnection, PLAN_KINDS, readCluster } from '../live/source.ts';
import { why } from './answer.ts';
import { renderWhy } from './render.ts';

/** Exit code for a wrong command line and for a pod that does not exist. */
const EXIT_USAGE = 2;
/** Exit code for a cluster that cannot be reached or refuses. */
const EXIT_UNREACHABLE = 3;

const EXAMPLE = `
Example:
  gpuopt why pod/train-0 -n acme-train

Exit codes: 0 answered; 2 the command line is wrong or there is no such pod; 3 the cluster cannot be read.`;

/** What the command reads from and writes to. */
export interface WhyDeps {
  readonly connect: (options: { readonly kubeconfig?: string; readonly context?: string }) => Promise<LiveConnection>;
  readonly now: () => Date;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly exit: (code: number) => void;
}

interface Options {
  readonly namespace?: string;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly operatorNamespace?: string;
  readonly json?: boolean;
}

/** Adds `why` to a program. */
export function registerWhy(program: Command, deps: WhyDeps): void {
  program
    .command('why')
    .description('say why a pod waits for its GPUs, and what would let it start')
    .argument('<pod>', 'pod/NAME or NAME')
    .option('-n, --namespace <name>', 'namespace of the pod; default: that of the kubeconfig')
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option(...operatorNamespaceOption)
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', EXAMPLE)
    .action((target: string, options: Options) => run(target, options, deps));
}

async function run(target: string, options: Options, deps: WhyDeps): Promise<void> {
  const name = /^(?:(?:po|pods?)\/)?([a-z0-9]([-a-z0-9.]*[a-z0-9])?)$/.exec(target)?.[1];
  if (name === undefined) {
    fail(deps, EXIT_USAGE, `"${target}" names no pod; write pod/NAME, for example pod/train-0`);
    return;
  }
  let connection: LiveConnection | undefined;
  try {
    connection = await deps.connect({ kubeconfig: options.kubeconfig, context: options.context });
    await answer(connection, name, options, deps);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    fail(deps, EXIT_UNREACHABLE, `the cluster cannot be read: ${message}`);
  } finally {
    await connection?.close();
  }
}

async function answer(connection: LiveConnection, name: string, options: Options, deps: WhyDeps): Promise<void> {
  const namespace = options.namespace ?? connection.namespace;
  const lists = await readCluster(connection, PLAN_KINDS, options.operatorNamespace);
  const found = why(createListReader(lists), deps.now(), namespace, name);
  if (found === undefined) {
    fail(deps, EXIT_USAGE, `there is no pod ${name} in namespace ${namespace}; name another with -n NAMESPACE`);
    return;
  }
  deps.stdout(options.json === true ? `${JSON.stringify(found)}\n` : renderWhy(found));
}

function fail(deps: WhyDeps, code: number, message: string): void {
  deps.stderr(`error: ${message}\n`);
  deps.exit(code);
}
