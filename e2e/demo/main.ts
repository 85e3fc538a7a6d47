/** `make demo` and `make demo-down`. */
import { parseArgs } from 'node:util';
import { ClusterError } from '../cluster/cluster-error.ts';
import { progressTo } from '../cluster/progress.ts';
import { stopDemo } from './down.ts';
import { failureText } from './failure.ts';
import { demoFolder } from './state.ts';
import { startDemo } from './up.ts';

const HELP = `usage: node e2e/demo/main.ts COMMAND [options]

Starts a real Kubernetes with simulated GPU nodes, installs the platform, plays a workload, and reports what happened.

commands
  up [--trace DIR] [--pods N] [--nodes N] [--seed N]   ends with the platform running and a report
  down                                                 stops exactly what \`up\` started

options of up
  --trace DIR   play the first pods of an openb-format trace on its first nodes (files openb_node_list_gpu_node.csv and
                openb_pod_list_default.csv), instead of the generated fleet and workload
  --pods N      about how many pods (default 200)
  --nodes N     nodes of the trace (default 30)
  --seed N      settles the generated workload (default 42)

environment
  GPUOPT_STATE  folder of everything that runs, instead of .gpuopt here

example
  node e2e/demo/main.ts up --seed 7
`;

async function main(argv: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h', default: false },
      trace: { type: 'string' },
      pods: { type: 'string', default: '200' },
      nodes: { type: 'string', default: '30' },
      seed: { type: 'string', default: '42' },
    },
  });
  const progress = progressTo(process.stdout);
  if (values.help || positionals.length !== 1) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  if (positionals[0] === 'up') {
    const { trace } = values;
    const [pods, nodes, seed] = [
      whole('--pods', values.pods),
      whole('--nodes', values.nodes),
      whole('--seed', values.seed),
    ];
    return await startDemo({ folder: demoFolder(), progress, trace, pods, nodes, seed });
  }
  if (positionals[0] === 'down') return await stopDemo(demoFolder(), progress);
  process.stderr.write(`unknown command "${positionals[0]}"\n\n${HELP}`);
  return 2;
}

function whole(name: string, text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new ClusterError('Unsupported', `${name} ${text} is no whole number above 0`);
}

// Ctrl-C ends this process only: what it started belongs to `make demo-down`, and the user should hear of it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    process.stderr.write('\ninterrupted; make demo starts afresh, make demo-down ends what was started\n');
    process.exit(130);
  });
}
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`\n${failureText(error)}`);
  process.exitCode = 1;
}
