import { type Command, InvalidArgumentError } from 'commander';
import { answered, type PlanIo, readWorld, type SourceOptions } from '../live/command-io.ts';
import { planLists } from '../simulate/cluster/outcome.ts';
import { poolsMap } from './model.ts';
import { drawSvg } from './svg.ts';
import { drawTerminal } from './terminal.ts';

const EXAMPLE = `
Examples:
  gpuopt pools map                          nodes and their GPUs, and whose they are
  gpuopt pools map --plan --svg map.svg     what the next plan would add, as a picture too
  gpuopt pools map --pool h100 --json

Which GPU of a node a pod is on is the planner's assumption where a device plugin hands them out.
Exit codes: 0 drawn; 2 the command line or a file is wrong; 3 the cluster cannot be read.`;

interface Options extends SourceOptions {
  readonly pool?: string;
  readonly plan?: boolean;
  readonly svg?: string;
  readonly json?: boolean;
}

/** Adds `map` to `pools`. */
export function registerPoolsMap(pools: Command, io: PlanIo): void {
  pools
    .command('map')
    .description('draw nodes × GPUs × slots, before and after a plan')
    .option('--pool <name>', 'nodes of this GPUPool only', named)
    .option('--plan', 'draw what the planner would place now as well')
    .option('--svg <file>', 'write the picture to a file')
    .option(
      '--snapshot <file>',
      'a file in place of the cluster, from kubectl get nodes,pods,jobs,gpupools,tenants -A -o yaml',
    )
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', EXAMPLE)
    .action((options: Options) => answered(io, () => draw(options, io)));
}

async function draw(options: Options, io: PlanIo): Promise<void> {
  const { lists } = await readWorld(options, io);
  const { facts, placed } = planLists(lists, io.now());
  const nodes = facts.nodes.filter(({ pool }) => options.pool === undefined || pool === options.pool);
  const map = poolsMap(nodes, facts.held, options.plan === true ? placed : []);
  if (options.svg !== undefined) io.writeFile(options.svg, drawSvg(map));
  if (options.json === true) io.stdout(`${JSON.stringify(map)}\n`);
  else if (map.nodes.length === 0) io.stdout(`${nothing(options)}\n`);
  else io.stdout(drawTerminal(map, { plan: options.plan === true, colour: io.colour }));
}

function nothing({ pool }: Options): string {
  if (pool !== undefined) return `No node belongs to a GPUPool ${pool}; see kubectl get gpupools.`;
  return 'No GPUPool selects a node: there is nothing to draw. See gpuopt doctor.';
}

function named(value: string): string {
  if (value !== '') return value;
  throw new InvalidArgumentError('name a GPUPool');
}
