import { parseArgs } from 'node:util';
import { TraceError } from '../../operator/scheduling/simulate/index.ts';
import { BenchUsageError } from './command.ts';
import { aligned } from './numbers.ts';
import { type BatchLine, batchLines } from './scheduling-batch.ts';
import { openData } from './scheduling-data.ts';
import { type OfflineLine, offlineLines } from './scheduling-offline.ts';
import { boundLines, type OnlineLine, type OnlineOptions, onlineLines } from './scheduling-online.ts';
import { type ReplayLine, replayLines } from './scheduling-replay.ts';
import { type SlotJobLine, slotJobLines } from './scheduling-slot-jobs.ts';
import { type SlotLine, sevenSlices, slotLines } from './scheduling-slots.ts';
import { type SpeedLine, speedLines } from './scheduling-speed.ts';

const FIRST_SEED = 42;
const PARTS = ['online', 'bound', 'window', 'migrate', 'offline', 'replay', 'mig', 'speed'] as const;

const HELP = `Measures how well and how fast the planner packs, by class; classes are never mixed in one table.

Usage: node e2e/bench/scheduling.ts --data DIR [--part ${PARTS.join('|')}] [--lists default,cpu100] [--seeds 10] [--json]

  --data DIR     folder with openb lists (or set GPUOPT_BENCH_DATA)
  --part NAME    one part only; default all
                   online  every list: pods one by one, nothing refused that fits, beside FGD and the yardstick
                   bound   harder lists made from "default": 20, 33 and 50 % of the GPU pods name models
                   window  64 pods at once, beside FGD with the same window
                   migrate at most one move for 100 placed pods, beside FGD with the same moves
                   offline all pods of load 1.0 known, beside the value of the linear program
                   replay  jobs that come and go, some of them gangs: use, waits, starvation, fairness
                   mig     all GPUs as seven-slice GPUs: where a profile starts, beside three other ways
                   speed   plan time and memory on generated fleets (needs no lists)
  --lists A,B    only these lists
  --seeds N      seeds from ${FIRST_SEED} on, default 10; fewer say little
  --json         print one JSON object and nothing else

Example: node e2e/bench/scheduling.ts --data openb --part online --lists default --seeds 3

Exit codes: 0 measured; 1 failure; 2 usage or data.
`;

interface Report {
  readonly seeds: number;
  readonly online?: readonly OnlineLine[];
  readonly bound?: readonly OnlineLine[];
  readonly window?: readonly BatchLine[];
  readonly migrate?: readonly BatchLine[];
  readonly offline?: readonly OfflineLine[];
  readonly replay?: readonly ReplayLine[];
  readonly mig?: readonly SlotLine[];
  readonly migJobs?: readonly SlotJobLine[];
  readonly speed?: readonly SpeedLine[];
}

/** Runs the benchmark. */
function main(args: readonly string[]): void {
  const { values } = parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      part: { type: 'string' },
      lists: { type: 'string' },
      seeds: { type: 'string', default: '10' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (!/^[1-9]\d{0,2}$/.test(values.seeds)) {
    throw new BenchUsageError(`--seeds: "${values.seeds}" is not valid; write 1 to 999`);
  }
  const seeds = Number(values.seeds);
  if (values.part !== undefined && !PARTS.some((part) => part === values.part)) {
    throw new BenchUsageError(`--part: "${values.part}" is unknown; write ${PARTS.join(', ')}`);
  }
  const wanted = (part: (typeof PARTS)[number]): boolean => (values.part ?? part) === part;
  const options = (lists: readonly string[]): OnlineOptions => ({
    lists: values.lists?.split(',') ?? lists,
    seeds: Array.from({ length: seeds }, (_, at) => FIRST_SEED + at),
    say: (text) => process.stderr.write(text),
  });
  const data = values.part !== 'speed' ? openData(values.data ?? process.env.GPUOPT_BENCH_DATA) : undefined;
  const report: Report = {
    seeds,
    online: data !== undefined && wanted('online') ? onlineLines(data, options(data.lists)) : undefined,
    bound: data !== undefined && wanted('bound') ? boundLines(data, options(['default'])) : undefined,
    window: data !== undefined && wanted('window') ? batchLines(data, 'window', options(data.lists)) : undefined,
    migrate: data !== undefined && wanted('migrate') ? batchLines(data, 'migrate', options(data.lists)) : undefined,
    offline: data !== undefined && wanted('offline') ? offlineLines(data, options(data.lists)) : undefined,
    replay: data !== undefined && wanted('replay') ? replayLines(data, options(['default'])) : undefined,
    mig: data !== undefined && wanted('mig') ? slotLines(data, options(data.lists)) : undefined,
    migJobs: wanted('mig') ? slotJobLines(sevenSlices(), options([])) : undefined,
    speed: wanted('speed') ? speedLines() : undefined,
  };
  process.stdout.write(values.json ? `${JSON.stringify(report)}\n` : tables(report));
}

function tables({ seeds, online, bound, window, migrate, offline, replay, mig, migJobs, speed }: Report): string {
  return [
    online && `online: % of GPU capacity allocated when the load has arrived, ${seeds} seeds\n${onlineTable(online)}`,
    bound && `online, pods bound to models: the same on harder lists, ${seeds} seeds\n${onlineTable(bound)}`,
    window &&
      `window: 64 pods at once, ${seeds} seeds; a pod waits for 31.5 arrivals on average\n${batchTable(window)}`,
    migrate && `migrate: at most 1 move for 100 placed pods, ${seeds} seeds\n${batchTable(migrate)}`,
    offline && `offline: all pods known, ${seeds} seeds; % of GPU capacity at load 1.0\n${offlineTable(offline)}`,
    replay &&
      `replay: 3000 jobs that come and go on a twelfth of the nodes, ${seeds} seeds; waits in s\n${replayTable(replay)}`,
    mig &&
      `mig: every GPU cut on demand into 1g, 2g, 3g, 4g, 7g; % at arrived slices, ${seeds} seeds\n${slotTable(mig)}`,
    migJobs &&
      `mig with departures: generated requests that come and go on 128 GPUs, ${seeds} seeds\n${slotJobTable(migJobs)}`,
    speed &&
      `speed: generated fleets; ms are CPU time of one thread, µs by the clock; goals: plan 1000 ms, decision p99 10000 µs\n${speedTable(speed)}`,
  ]
    .filter((text) => text !== undefined)
    .join('\n');
}

function onlineTable(lines: readonly OnlineLine[]): string {
  return aligned([
    ['list', 'load', 'gpuopt median (min..max)', 'FGD', 'gain', 'worst', 'λ*', 'to λ*', 'ceiling', 'p50 µs', 'p99 µs'],
    ...lines.map((line) => [
      line.list,
      line.load,
      `${line.ours.median.toFixed(2)} (${line.ours.min.toFixed(2)}..${line.ours.max.toFixed(2)})`,
      `${line.fgd.toFixed(2)}${line.fgdSource === 'published' ? '' : '*'}`,
      signed(line.gain),
      signed(line.worstGain),
      line.yardstick?.toFixed(2) ?? '–',
      line.toYardstick === undefined ? '–' : signed(line.toYardstick),
      line.ceiling?.toFixed(2) ?? '–',
      line.p50.toFixed(0),
      line.p99.toFixed(0),
    ]),
  ]).concat(
    'FGD: published median, or * run here with the same seeds; worst: worst seed against that median, or * against that seed;\n',
    'ceiling: of bound lists, what would be allocated if GPUs were a fluid that only the models named divide\n',
  );
}

function batchTable(lines: readonly BatchLine[]): string {
  return aligned([
    ['list', 'policy', 'load', 'median (min..max)', 'λ*', 'to λ*', 'moves', 'per 100, most', 'refused'],
    ...lines.map(({ list, policy, load, percent, yardstick, moves, mostPer100, unscheduled }) => [
      list,
      policy,
      load,
      `${percent.median.toFixed(2)} (${percent.min.toFixed(2)}..${percent.max.toFixed(2)})`,
      yardstick?.toFixed(2) ?? '–',
      yardstick === undefined ? '–' : signed(percent.median - yardstick),
      moves.toFixed(0),
      mostPer100.toFixed(2),
      unscheduled.toFixed(0),
    ]),
  ]);
}

function offlineTable(lines: readonly OfflineLine[]): string {
  return aligned([
    ['list', 'median (min..max)', 'program', 'ceiling', 'worst gap', 'seconds'],
    ...lines.map(({ list, percent, program, ceiling, worstGap, seconds }) => [
      list,
      `${percent.median.toFixed(2)} (${percent.min.toFixed(2)}..${percent.max.toFixed(2)})`,
      program.toFixed(2),
      ceiling.toFixed(2),
      worstGap.toFixed(2),
      seconds.toFixed(1),
    ]),
  ]).concat('program: what the linear program allocates, ceiling: what its prices show that no plan exceeds\n');
}

function replayTable(lines: readonly ReplayLine[]): string {
  const sizes = lines[0]?.waits.map(({ size }) => `${size} pods p50/p99`) ?? [];
  return aligned([
    ['list', 'load', 'policy', 'used % (min..max)', ...sizes, 'starved %', 'longest h', 'Jain', 'evicted'],
    ...lines.map(({ list, load, policy, used, waits, starved, longest, fairness, evictions }) => [
      list,
      load.toFixed(1),
      policy,
      `${used.median.toFixed(2)} (${used.min.toFixed(2)}..${used.max.toFixed(2)})`,
      ...waits.map(({ p50, p99 }) => `${p50.toFixed(0)}/${p99.toFixed(0)}`),
      starved.toFixed(2),
      longest.toFixed(1),
      fairness.toFixed(3),
      String(evictions),
    ]),
  ]);
}

function slotTable(lines: readonly SlotLine[]): string {
  return aligned([
    [
      'list',
      'policy',
      'load',
      'accepted (min..max)',
      'ceiling',
      'compute',
      'placeable',
      'ceiling',
      'memory',
      'stranded',
    ],
    ...lines.map(({ list, policy, load, accepted, acceptedMin, acceptedMax, ceiling, ...rest }) => [
      list,
      policy,
      load,
      `${accepted.toFixed(2)} (${acceptedMin.toFixed(2)}..${acceptedMax.toFixed(2)})`,
      ceiling.toFixed(2),
      rest.compute.toFixed(2),
      rest.placeable.toFixed(2),
      rest.computeCeiling.toFixed(2),
      rest.memory.toFixed(2),
      rest.stranded.toFixed(2),
    ]),
  ]).concat(
    'ceiling: what no policy exceeds, by a linear program over ways to cut a GPU that leaves out CPU and nodes;\n',
    'placeable: load up to which that program places everything, about what a policy reaches that refuses nothing\n',
  );
}

function slotJobTable(lines: readonly SlotJobLine[]): string {
  return aligned([
    ['mix', 'load', 'policy', 'accepted % (min..max)', 'ceiling', 'requests %'],
    ...lines.map(({ mix, load, policy, accepted, acceptedMin, acceptedMax, ceiling, requests }) => [
      mix,
      load.toFixed(1),
      policy,
      `${accepted.toFixed(2)} (${acceptedMin.toFixed(2)}..${acceptedMax.toFixed(2)})`,
      ceiling.toFixed(2),
      requests.toFixed(2),
    ]),
  ]).concat('accepted: compute slices, each for the time that it was asked for\n');
}

function speedTable(lines: readonly SpeedLine[]): string {
  return aligned([
    ['what', 'policy', 'pods', 'nodes', 'first ms', 'plan ms', 'p50 µs', 'p99 µs', 'holds MiB'],
    ...lines.map((line) => [
      line.what,
      line.policy,
      String(line.pods),
      String(line.nodes),
      line.firstMillis.toFixed(0),
      line.planMillis.toFixed(0),
      line.p50.toFixed(0),
      line.p99.toFixed(0),
      line.heapMiB.toFixed(0),
    ]),
  ]);
}

function signed(value: number): string {
  return `${value >= 0 ? '+' : ''}${value.toFixed(2)}`;
}

function isUsage(error: unknown): error is Error {
  if (error instanceof BenchUsageError || error instanceof TraceError) return true;
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!isUsage(error)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 2;
}
