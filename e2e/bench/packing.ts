import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { NodeFacts } from '../../operator/scheduling/planner/index.ts';
import {
  parseOpenbNodes,
  parseOpenbPods,
  simulateSchedule,
  TraceError,
  type TracePod,
} from '../../operator/scheduling/simulate/index.ts';

/**
 * Medians over seeds 42 to 51 on the default openb list, in percent of GPU capacity, published with FGD
 * (hkust-adsl/kubernetes-scheduler-simulator, experiments/analysis/expected_results).
 */
const PUBLISHED = [
  { policy: 'best-fit', load: '1.0', median: 92.91 },
  { policy: 'best-fit', load: '1.3', median: 93.11 },
  { policy: 'fgd', load: '1.0', median: 95.23 },
  { policy: 'fgd', load: '1.3', median: 95.4 },
] as const;

/** Points by which a median may differ from the published one. */
const TOLERANCE = 0.2;
const FIRST_SEED = 42;
const MAX_LOAD = 1.3;
const NODE_FILE = 'openb_node_list_gpu_node.csv';
const POD_FILE = 'openb_pod_list_default.csv';

const HELP = `Checks that best-fit and fgd pack the openb trace as well as the published runs.

Usage: node e2e/bench/packing.ts --data DIR [--seeds 10] [--json]

  --data DIR   folder with ${NODE_FILE} and ${POD_FILE}, or with a folder openb/
               that has them (or set GPUOPT_BENCH_DATA)
  --seeds N    number of seeds from ${FIRST_SEED} on, default 10; fewer say little
  --json       print one JSON object and nothing else

Exit codes: 0 every median is within ${TOLERANCE} points; 1 one is not; 2 usage or data.
`;

const WHERE = `The lists are published at https://github.com/hkust-adsl/kubernetes-scheduler-simulator, folder data/csv.
Give the folder with --data DIR or in GPUOPT_BENCH_DATA.`;

class BenchUsageError extends Error {
  readonly code = 'BENCH_USAGE';
}

interface Line {
  readonly policy: string;
  readonly load: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly published: number;
  readonly difference: number;
  readonly ok: boolean;
}

interface Trace {
  readonly nodes: readonly NodeFacts[];
  readonly pods: readonly TracePod[];
}

interface Report {
  readonly seeds: number;
  readonly lines: readonly Line[];
  readonly decisionMicros: Readonly<Record<string, { readonly p50: number; readonly p99: number }>>;
  readonly seconds: number;
}

function dataFolder(given: string | undefined): string {
  if (given === undefined || given === '') throw new BenchUsageError(`no trace is given.\n${WHERE}`);
  const found = [given, join(given, 'openb')].find((folder) => existsSync(join(folder, NODE_FILE)));
  if (found === undefined)
    throw new BenchUsageError(`neither ${given} nor ${join(given, 'openb')} has ${NODE_FILE}.\n${WHERE}`);
  return found;
}

function readTrace(folder: string): Trace {
  const [nodeFile, podFile] = [join(folder, NODE_FILE), join(folder, POD_FILE)];
  return {
    nodes: parseOpenbNodes(readFileSync(nodeFile, 'utf8'), nodeFile),
    pods: parseOpenbPods(readFileSync(podFile, 'utf8'), podFile),
  };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

function measure(trace: Trace, seeds: number): Report {
  const began = performance.now();
  const lines: Line[] = [];
  const decisionMicros: Record<string, { p50: number; p99: number }> = {};
  for (const policy of ['best-fit', 'fgd'] as const) {
    const results = Array.from({ length: seeds }, (_, index) =>
      simulateSchedule({
        ...trace,
        policy,
        mode: 'online',
        load: MAX_LOAD,
        seed: FIRST_SEED + index,
        clock: () => performance.now() * 1000,
      }),
    );
    decisionMicros[policy] = {
      p50: median(results.map((result) => result.decisionMicros.p50)),
      p99: median(results.map((result) => result.decisionMicros.p99)),
    };
    for (const published of PUBLISHED.filter((each) => each.policy === policy)) {
      const percents = results.map((result) => (result.allocatedRatio[published.load] ?? Number.NaN) * 100);
      const ours = median(percents);
      const difference = ours - published.median;
      lines.push({
        policy,
        load: published.load,
        median: ours,
        min: Math.min(...percents),
        max: Math.max(...percents),
        published: published.median,
        difference,
        ok: Math.abs(difference) <= TOLERANCE,
      });
    }
  }
  return { seeds, lines, decisionMicros, seconds: (performance.now() - began) / 1000 };
}

function table(report: Report): string {
  const cells = report.lines.map((line) => [
    line.policy,
    line.load,
    `${line.median.toFixed(2)} (${line.min.toFixed(2)}..${line.max.toFixed(2)})`,
    line.published.toFixed(2),
    `${line.difference >= 0 ? '+' : ''}${line.difference.toFixed(2)}`,
    line.ok ? 'reproduced' : `differs by more than ${TOLERANCE}`,
  ]);
  const head = ['policy', 'load', 'median % (min..max)', 'published', 'diff', 'verdict'];
  const widths = head.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)));
  const lines = [head, ...cells].map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const speed = Object.entries(report.decisionMicros).map(
    ([policy, { p50, p99 }]) => `${policy} p50 ${p50.toFixed(1)} µs, p99 ${p99.toFixed(1)} µs`,
  );
  return [
    `packing: GPUs allocated on openb default, ${report.seeds} seeds`,
    ...lines,
    `decision: ${speed.join('; ')}; all runs took ${report.seconds.toFixed(1)} s`,
    '',
  ].join('\n');
}

/** Runs the benchmark and returns the exit code. */
function main(args: readonly string[]): number {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      seeds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  if (!/^[1-9]\d{0,2}$/.test(values.seeds))
    throw new BenchUsageError(`--seeds: "${values.seeds}" is not valid; write 1 to 999`);
  const report = measure(readTrace(dataFolder(values.data ?? process.env.GPUOPT_BENCH_DATA)), Number(values.seeds));
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : table(report));
  return report.lines.every((line) => line.ok) ? 0 : 1;
}

function isUsage(error: unknown): error is Error {
  if (error instanceof BenchUsageError || error instanceof TraceError) return true;
  return error instanceof Error && 'code' in error && /^(ERR_PARSE_ARGS|ENOENT)/.test(String(error.code));
}

try {
  process.exitCode = main(process.argv.slice(2));
} catch (error) {
  if (!isUsage(error)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 2;
}
