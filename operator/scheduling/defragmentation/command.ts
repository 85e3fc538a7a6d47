import type { Command } from 'commander';
import { kinds } from '../../api/index.ts';
import { decide } from '../decide.ts';
import { runsAmong } from '../eta/record.ts';
import { answered, operatorNamespaceOption, type PlanIo, readWorld, type SourceOptions } from '../live/command-io.ts';
import { createListReader } from '../live/list-reader.ts';
import { ManifestError, MOVE_KINDS } from '../live/source.ts';
import { observe } from '../observe.ts';
import { decideDefragmentation } from './decide.ts';
import { observeDefragmentation } from './observe.ts';
import { type DefragAnswer, renderMoves } from './render.ts';
import { defragmentationStatus } from './report.ts';

const EXAMPLE = `
Examples:
  gpuopt pools defrag h100                  whom moving which pods would let start, and what it costs
  gpuopt pools defrag h100 --json

It moves nothing. The pool's spec.defragmentation says at what price; what it leaves out has the usual value. Windows and
the moves of the last hour do not matter here.
Exit codes: 0 answered; 2 the command line or a file is wrong; 3 the cluster cannot be read.`;

interface Options extends SourceOptions {
  readonly json?: boolean;
}

/** Adds `defrag` to `pools`. */
export function registerDefrag(pools: Command, io: PlanIo): void {
  pools
    .command('defrag')
    .description('say which pods would be moved so that others that wait find room in one piece')
    .argument('<pool>', 'name of the GPUPool')
    .option(
      '--snapshot <file>',
      'a file in place of the cluster, from kubectl get nodes,pods,jobs,pdb,gpupools,tenants -A -o yaml',
    )
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option(...operatorNamespaceOption)
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', EXAMPLE)
    .action((pool: string, options: Options) => answered(io, () => run(pool, options, io)));
}

async function run(name: string, options: Options, io: PlanIo): Promise<void> {
  const { lists } = await readWorld(options, io, MOVE_KINDS);
  const reader = createListReader(lists);
  const pool = reader.list(kinds.GPUPool).find(({ metadata }) => metadata.name === name);
  if (pool === undefined) {
    throw new ManifestError(`there is no GPUPool ${name}; see kubectl get gpupools`);
  }
  const mode = pool.spec.defragmentation === undefined ? 'Off' : (pool.spec.defragmentation.mode ?? 'DryRun');
  const facts = observe(reader, io.now(), { runs: runsAmong(reader) });
  const decision = decide(facts);
  const known = observeDefragmentation(reader, facts, { only: name });
  const [plan] = decideDefragmentation(facts, decision, known);
  if (plan === undefined) return;
  const answer: DefragAnswer = {
    ...{ pool: name, mode, ...defragmentationStatus({ ...plan, begin: undefined, waits: undefined }, plan.pool.moves) },
    kept: Object.fromEntries(plan.pool.kept),
  };
  io.stdout(options.json === true ? `${JSON.stringify(answer)}\n` : renderMoves(answer));
}
