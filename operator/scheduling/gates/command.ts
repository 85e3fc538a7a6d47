import type { Command } from 'commander';
import { type GateConnection, type GateResult, releaseGates } from './release.ts';

/** Exit codes: some pods were refused; the command line is wrong; the cluster cannot be reached or refuses. */
const EXIT_REFUSED = 1;
const EXIT_USAGE = 2;
const EXIT_UNREACHABLE = 3;

const EXAMPLE = `
Examples:
  $ gpuopt gates release --all --dry-run          which pods it would release
  $ gpuopt gates release -n acme-train            those of one namespace
  $ gpuopt gates release --all --json

It works whether the operator runs or not, and needs the verb "release" on gpupools.gpuoptimizer.io (ClusterRole
gpuopt-release) beside the right to patch pods. New pods are still gated; docs/operations.md says how to stop that.
Exit codes: 0 released, 1 some pods were refused, 2 wrong use, 3 the cluster cannot be reached.`;

/** What the command reads from and writes to. */
export interface GatesDeps {
  readonly connect: (options: {
    readonly kubeconfig?: string;
    readonly context?: string;
  }) => Promise<GateConnection & { readonly close: () => Promise<void> }>;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly exit: (code: number) => void;
}

interface Options {
  readonly all?: boolean;
  readonly namespace?: string;
  readonly dryRun?: boolean;
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly json?: boolean;
}

/** Adds `gates release`: the switch that lets every waiting pod go without a plan. */
export function registerGates(program: Command, deps: GatesDeps): void {
  program
    .command('gates')
    .description('look after the scheduling gates of pods')
    .command('release')
    .description('take the gate gpuoptimizer.io/plan off pods that wait; kube-scheduler puts them wherever they fit')
    .option('--all', 'in every namespace')
    .option('-n, --namespace <name>', 'in one namespace')
    .option('--dry-run', 'only say which pods would be released')
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', EXAMPLE)
    .action((options: Options) => run(options, deps));
}

async function run(options: Options, deps: GatesDeps): Promise<void> {
  const { all = false, namespace, dryRun = false, json = false } = options;
  if (all === (namespace !== undefined)) {
    fail(deps, EXIT_USAGE, 'say which pods: --all, or --namespace NAME');
    return;
  }
  let connection: Awaited<ReturnType<GatesDeps['connect']>> | undefined;
  try {
    connection = await deps.connect({ kubeconfig: options.kubeconfig, context: options.context });
    const pods = await releaseGates(connection, { namespace, dryRun }, new AbortController().signal);
    const counts = countsOf(pods);
    deps.stdout(
      json ? `${JSON.stringify({ dryRun, namespace: namespace ?? null, counts, pods })}\n` : table(pods, dryRun),
    );
    if (counts.refused > 0) deps.exit(EXIT_REFUSED);
  } catch (error) {
    fail(deps, EXIT_UNREACHABLE, error instanceof Error ? error.message : String(error));
  } finally {
    await connection?.close();
  }
}

function countsOf(pods: readonly GateResult[]): Readonly<Record<GateResult['result'], number>> {
  const of = (result: GateResult['result']): number => pods.filter((pod) => pod.result === result).length;
  return { released: of('released'), 'would-release': of('would-release'), gone: of('gone'), refused: of('refused') };
}

function table(pods: readonly GateResult[], dryRun: boolean): string {
  const lines = pods.map(({ namespace, name, result, heldBy, message }) => {
    const others = heldBy.length === 0 ? '' : ` (still held by ${heldBy.join(', ')})`;
    return `${result.padEnd(13)}  ${namespace}/${name}${others}${message === undefined ? '' : `: ${message}`}\n`;
  });
  const counts = countsOf(pods);
  const sum = dryRun
    ? `${counts['would-release']} pods would be released\n`
    : `${counts.released} pods released, ${counts.gone} gone meanwhile, ${counts.refused} refused\n`;
  return `${lines.join('')}${sum}`;
}

function fail(deps: GatesDeps, code: number, message: string): void {
  deps.stderr(`error: ${message}\n`);
  deps.exit(code);
}
