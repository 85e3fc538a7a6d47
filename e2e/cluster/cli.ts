import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildImage } from '../image/build.ts';
import { buildProjectImage, PROJECT_IMAGE } from '../image/project.ts';
import { ClusterError } from './cluster-error.ts';
import { loadImage } from './index.ts';
import { build, down, runningCluster, up } from './lifecycle.ts';
import { type Progress, progressTo } from './progress.ts';
import { type ClusterRecord, stateFolder } from './state.ts';
import { clusterStatus, statusText } from './status.ts';

const HELP = `usage: cli.ts COMMAND [options]

The test cluster: a real Kubernetes, with KWOK nodes for GPUs and, as root, one node on which containers truly run.

commands
  up [--no-real-node]      start it, or say that it runs; builds what is missing first
  down                     stop exactly what was started and leave nothing behind
  status [--json]          what runs, where, and with which addresses
  build [--no-real-node]   only build the programs, into \${XDG_CACHE_HOME:-~/.cache}/gpuopt
  image                    bundle the project, make its image and give it to the real node
  image --bundle DIR --name NAME [--entrypoint WORD]...
                           the same with the folder DIR, which becomes /app, and a command line of yours

environment
  KUBECONFIG_E2E   use this cluster and start none
  GPUOPT_STATE     folder of everything that runs, instead of .gpuopt here; clusters in different folders live side by side

example
  node e2e/cluster/cli.ts up && export KUBECONFIG=$PWD/.gpuopt/cluster/kubeconfigs/admin.kubeconfig && kubectl get nodes
`;

// An image is build output, as the bundle is: it survives the cluster and goes with `make clean`.
const BUILD_OUTPUT = resolve(import.meta.dirname, '../../dist');
const DEFAULT_ENTRYPOINT = ['/usr/local/bin/node', '/app/main.js'];

function parse(argv: readonly string[]) {
  return parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      json: { type: 'boolean', default: false },
      'no-real-node': { type: 'boolean', default: false },
      bundle: { type: 'string' },
      name: { type: 'string', default: PROJECT_IMAGE },
      entrypoint: { type: 'string', multiple: true, default: DEFAULT_ENTRYPOINT },
    },
  });
}

/** The parsed command line, or undefined after having said what is wrong with it. */
function parseOrExplain(argv: readonly string[]): ReturnType<typeof parse> | undefined {
  try {
    return parse(argv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n\n${HELP}`);
    return undefined;
  }
}

async function main(argv: readonly string[]): Promise<number> {
  const parsed = parseOrExplain(argv);
  if (parsed === undefined) return 2;
  const { values, positionals } = parsed;
  const folder = stateFolder();
  const progress = progressTo(process.stderr);
  const options = { realNode: !values['no-real-node'] };
  const command = values.help ? 'help' : positionals.join(' ');
  switch (command) {
    case 'up':
      return await runUp(folder, options, progress);
    case 'down':
      return await runDown(folder, progress);
    case 'status':
      return await runStatus(folder, values.json);
    case 'build':
      await build(options, progress);
      return 0;
    case 'image':
      return await runImage(folder, values, progress);
    case 'help':
      process.stdout.write(HELP);
      return 0;
    default:
      process.stderr.write(`unknown command "${command}"\n\n${HELP}`);
      return 2;
  }
}

async function runUp(folder: string, options: { readonly realNode: boolean }, progress: Progress): Promise<number> {
  const { cluster, started } = await up(folder, options, progress);
  progress.say('cluster', started ? 'ready' : 'already runs; nothing was started');
  process.stdout.write(describe(cluster));
  return 0;
}

async function runDown(folder: string, progress: Progress): Promise<number> {
  const stopped = await down(folder, progress);
  progress.say('cluster', stopped ? 'stopped, nothing left behind' : `none in ${folder}`);
  return 0;
}

async function runStatus(folder: string, json: boolean): Promise<number> {
  const status = await clusterStatus(folder);
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : statusText(status));
  return status.state === 'running' ? 0 : 1;
}

async function runImage(folder: string, wanted: WantedImage, progress: Progress): Promise<number> {
  const archive = join(BUILD_OUTPUT, 'images', 'app.tar');
  const { bundle, name, entrypoint } = wanted;
  const image = await progress.step('image', { doing: `building ${name}`, done: `built ${name}` }, () =>
    bundle === undefined
      ? buildProjectImage(BUILD_OUTPUT)
      : buildImage({ bundleDir: resolve(bundle), name, entrypoint, archive }),
  );
  process.stdout.write(`${name} ${image.digest} ${image.archive}\n`);
  const cluster = await runningCluster(folder);
  if (cluster === undefined) {
    progress.say('image', `not loaded: no cluster runs in ${folder}; start one with: make cluster-up`);
    return 0;
  }
  if ('skipped' in cluster.realNode) {
    progress.say('image', `not loaded, there is no real node: ${cluster.realNode.skipped}`);
    return 0;
  }
  await loadImage(folder, cluster, { name, archive: image.archive }, progress);
  return 0;
}

/** What the command line says about an image; without a bundle it is the project's own. */
interface WantedImage {
  readonly bundle?: string;
  readonly name: string;
  readonly entrypoint: readonly string[];
}

function describe(cluster: ClusterRecord): string {
  const node = 'name' in cluster.realNode ? cluster.realNode.name : `skipped: ${cluster.realNode.skipped}`;
  const lines = [
    ['cluster', `${cluster.kind}, Kubernetes ${cluster.version}`],
    ['API server', cluster.apiServer],
    ['real node', node],
    ['kubeconfig', cluster.kubeconfig],
    ['try', `KUBECONFIG=${cluster.kubeconfig} ${cluster.kubectl}/kubectl get nodes`],
  ] as const;
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}\n`).join('');
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const said = error instanceof ClusterError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`error: ${said}\n`);
  process.exitCode = 1;
}
