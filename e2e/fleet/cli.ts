import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { TraceError } from '../../operator/scheduling/simulate/index.ts';
import { BINDING_WAYS, bindModels } from './bound.ts';
import { DEFAULT_NODES } from './groups.ts';
import { type FleetNode, generateNodes } from './nodes.ts';
import { nodesCsv, podsCsv, traceCsv } from './openb.ts';
import { fleetPools, fleetTenants } from './platform.ts';
import { readLists, readTrace } from './trace.ts';
import { generateWorkload, type WorkloadItem } from './workload.ts';

const HELP = `Prints a fleet of fake GPU nodes and a workload for it.

Usage: node e2e/fleet/cli.ts <nodes|workload|pools|tenants|bound> [options]

  --format yaml|json|csv   csv (nodes and workload only) is the openb format that 'gpuopt simulate schedule' reads;
                           default yaml. json of the workload keeps the arrival times, yaml has the objects only.
  --nodes N                nodes of the fleet (default ${DEFAULT_NODES}), or the first N of the trace
  --pods N                 about so many pods (default 200), or the first N of the trace
  --seed N                 settles the workload (default 42)
  --span SECONDS           time over which the workload arrives (default 100)
  --trace DIR              take nodes and pods from an openb-format trace instead: every GPU is offered as four
                           time-slices, whole GPUs ask for four of them, shares are rounded up to quarters
  --share PART             bound only, which prints an openb pod list: part of the GPU pods of a trace that name models,
                           0.01 to 1 (default 0.33)
  --way NAME               bound only: how models are chosen, ${BINDING_WAYS.join(', ')} (default uniform)
  --help

Example:
  node e2e/fleet/cli.ts nodes --format csv > nodes.csv
  node e2e/fleet/cli.ts workload --format csv > pods.csv
  node e2e/fleet/cli.ts bound --trace DIR --share 0.5 --way sets > harder.csv
  operator/cli/gpuopt simulate schedule --nodes nodes.csv --pods pods.csv --load 1.0
`;

class FleetUsageError extends Error {
  readonly code = 'FLEET_USAGE';
}

interface Fleet {
  readonly nodes: readonly FleetNode[];
  readonly workload: readonly WorkloadItem[];
}

/** The text that a command line asks for. */
function render(args: readonly string[]): string {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      format: { type: 'string', default: 'yaml' },
      nodes: { type: 'string' },
      pods: { type: 'string', default: '200' },
      seed: { type: 'string', default: '42' },
      span: { type: 'string', default: '100' },
      trace: { type: 'string' },
      share: { type: 'string', default: '0.33' },
      way: { type: 'string', default: 'uniform' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return HELP;
  const what = positionals[0];
  const span = whole('--span', values.span);
  const pods = whole('--pods', values.pods);
  const nodes = whole('--nodes', values.nodes ?? String(DEFAULT_NODES));
  const fleet = (): Fleet => {
    if (values.trace !== undefined) return readTrace(values.trace, { nodes, pods, spanSeconds: span });
    return {
      nodes: generateNodes(nodes),
      workload: generateWorkload({ seed: whole('--seed', values.seed), pods, spanSeconds: span }),
    };
  };
  if (what === 'nodes') return nodesText(fleet().nodes, values.format);
  if (what === 'workload') return workloadText(fleet().workload, values.format);
  if (what === 'pools') return objectsText(fleetPools(), values.format);
  if (what === 'tenants') return objectsText(fleetTenants(), values.format);
  if (what === 'bound') return boundText(values.trace, values.share, values.way, whole('--seed', values.seed));
  throw new FleetUsageError(
    `"${what ?? ''}" is unknown; say nodes, workload, pools, tenants or bound (--help shows more)`,
  );
}

function boundText(trace: string | undefined, share: string, way: string, seed: number): string {
  if (trace === undefined) throw new FleetUsageError('bound needs the trace whose pods it binds; add --trace DIR');
  const part = Number(share);
  if (!(part >= 0.01 && part <= 1)) throw new FleetUsageError(`--share: "${share}" is not valid; write 0.01 to 1`);
  const known = BINDING_WAYS.find((each) => each === way);
  if (known === undefined) throw new FleetUsageError(`--way: "${way}" is unknown; write ${BINDING_WAYS.join(', ')}`);
  const { nodes, pods } = readLists(trace);
  return traceCsv(bindModels(pods, nodes, { share: part, way: known, seed }));
}

function nodesText(nodes: readonly FleetNode[], format: string): string {
  return format === 'csv' ? nodesCsv(nodes) : objectsText(nodes, format);
}

function workloadText(workload: readonly WorkloadItem[], format: string): string {
  if (format === 'csv') return podsCsv(workload);
  if (format === 'json') return `${JSON.stringify(workload, null, 2)}\n`;
  return objectsText(
    workload.map((item) => item.object),
    format,
  );
}

function objectsText(objects: readonly object[], format: string): string {
  if (format === 'json') return `${JSON.stringify(objects, null, 2)}\n`;
  if (format === 'yaml')
    return objects.map((object) => stringify(object, { aliasDuplicateObjects: false })).join('---\n');
  throw new FleetUsageError(
    `--format "${format}" is not possible here; available: yaml, json, and csv for nodes and workload`,
  );
}

function whole(option: string, value: string): number {
  const number = Number(value);
  if (/^\d+$/.test(value) && number > 0 && number <= 100_000) return number;
  throw new FleetUsageError(`${option}: "${value}" is not valid; write a whole number from 1 to 100000`);
}

/** Errors of the command line and of the trace end in one line and exit code 2. */
function isUsage(error: unknown): error is Error {
  if (error instanceof FleetUsageError || error instanceof TraceError) return true;
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return code.startsWith('ERR_PARSE_ARGS') || code === 'ENOENT';
}

try {
  process.stdout.write(render(process.argv.slice(2)));
} catch (error) {
  if (!isUsage(error)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 2;
}
