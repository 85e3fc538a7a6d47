import type { Command } from 'commander';
import type { PriorityClass } from '../../../kube/index.ts';
import {
  answered,
  operatorNamespaceOption,
  type PlanIo,
  readText,
  readWorld,
  type SourceOptions,
  type World,
} from '../../live/command-io.ts';
import { parseObjects } from '../../live/source.ts';
import { drawTerminal } from '../../map/terminal.ts';
import { UsageError } from '../errors.ts';
import { applyChanges, type ChangeOptions, parseChanges } from './changes.ts';
import { readSubmission } from './manifests.ts';
import { planLists, planSubmission } from './outcome.ts';
import { capacityReport, renderCapacity, renderSubmit } from './render.ts';

const CODES = 'Exit codes: 0 answered; 2 the command line or a file is wrong; 3 the cluster cannot be read.';
const SNAPSHOT = 'kubectl get nodes,pods,jobs,priorityclasses,gpupools,tenants -A -o yaml > cluster.yaml';

const SUBMIT_EXAMPLE = `
Examples:
  gpuopt simulate submit -f job.yaml -n acme-train
  gpuopt simulate submit -f job.yaml --add 2=gpu-node-1 --map
  ${SNAPSHOT} && gpuopt simulate submit -f job.yaml --snapshot cluster.yaml

Nothing is written to the cluster: the planner that the operator runs is asked what it would do.
${CODES}`;

const CAPACITY_EXAMPLE = `
Examples:
  gpuopt simulate capacity --add 2=gpu-node-1
  gpuopt simulate capacity --layout gpu-node-1=1g.10gb:4,3g.40gb:1 --quota acme/h100=16 --json

Nothing is written to the cluster: the planner that the operator runs is asked what it would do.
${CODES}`;

type Options = SourceOptions & ChangeOptions & { readonly json?: boolean; readonly map?: boolean };

/** Adds `simulate submit` and `simulate capacity`. */
export function registerClusterSimulations(simulate: Command, io: PlanIo): void {
  withOptions(simulate.command('submit').description('say what would become of manifests before they are submitted'))
    .requiredOption('-f, --file <file...>', 'YAML or JSON of Pods, Jobs, JobSets, LeaderWorkerSets, Deployments …')
    .option('-n, --namespace <name>', 'namespace of manifests that name none; default: that of the kubeconfig')
    .addHelpText('after', SUBMIT_EXAMPLE)
    .action((options: Options & { readonly file: readonly string[] }) => answered(io, () => submit(options, io)));
  withOptions(simulate.command('capacity').description('say what would start if the cluster were another'))
    .addHelpText('after', CAPACITY_EXAMPLE)
    .action((options: Options) => answered(io, () => capacity(options, io)));
}

function withOptions(command: Command): Command {
  return command
    .option('--add <count=node...>', 'with so many more nodes like this one')
    .option('--close <node...>', 'with these nodes taking no more pods')
    .option('--layout <node=profile:count,...>', 'with this node cut into these MIG devices (may be repeated)', collect)
    .option('--quota <tenant/pool=gpus...>', 'with this limit of a tenant in a pool')
    .option('--snapshot <file>', `a file in place of the cluster, from ${SNAPSHOT.split(' >')[0]}`)
    .option('--kubeconfig <file>', 'kubeconfig; default: KUBECONFIG, else ~/.kube/config')
    .option('--context <name>', 'context of the kubeconfig')
    .option(...operatorNamespaceOption)
    .option('--map', 'draw nodes and GPUs before and after the plan')
    .option('--json', 'print one JSON object and nothing else');
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

async function submit(options: Options & { readonly file: readonly string[] }, io: PlanIo): Promise<void> {
  const changes = parseChanges(options);
  const world = await readWorld(options, io);
  const objects = options.file.flatMap((file) => parseObjects(readText('--file', file, io), file));
  const submission = readSubmission(objects, options.file.join(', '), {
    namespace: world.namespace,
    now: io.now(),
    priorityOf: priorities(world),
  });
  if (submission.pods.length === 0) {
    throw new UsageError(`--file: ${options.file.join(', ')} makes no pods; name a Pod, Job, JobSet or the like`);
  }
  const outcome = planSubmission(applyChanges(world.lists, changes), submission, io.now());
  const { submitted, unmanaged, delayed, after } = outcome;
  if (options.json === true) {
    const { passedOver } = submission;
    io.stdout(`${JSON.stringify({ submitted, unmanaged, delayed, passedOver, ...mapOf(options, after.map) })}\n`);
    return;
  }
  io.stdout(renderSubmit(outcome, submission.passedOver));
  if (options.map === true) io.stdout(`\n${drawTerminal(after.map, { plan: true, colour: io.colour })}`);
}

async function capacity(options: Options, io: PlanIo): Promise<void> {
  const changes = parseChanges(options);
  const { lists } = await readWorld(options, io);
  const before = planLists(lists, io.now());
  const after = planLists(applyChanges(lists, changes), io.now());
  const report = capacityReport(changes, before, after);
  if (options.json === true) {
    io.stdout(`${JSON.stringify({ ...report, ...mapOf(options, after.map) })}\n`);
    return;
  }
  io.stdout(renderCapacity(report));
  if (options.map === true) io.stdout(`\n${drawTerminal(after.map, { plan: true, colour: io.colour })}`);
}

function mapOf<T>({ map }: Pick<Options, 'map'>, drawn: T): { readonly map?: T } {
  return map === true ? { map: drawn } : {};
}

function priorities({ lists }: World): (name: string) => number | undefined {
  const classes = lists.find(({ kind }) => kind.kind === 'PriorityClass')?.objects as readonly PriorityClass[];
  return (name) => classes.find(({ metadata }) => metadata.name === name)?.value;
}
