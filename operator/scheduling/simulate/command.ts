import { readFileSync } from 'node:fs';
import { type Command, CommanderError } from 'commander';
import { POLICY_NAMES } from '../planner/index.ts';
import type { SimulateResult } from './contract.ts';
import { TraceError, UsageError } from './errors.ts';
import { DEFAULT_WINDOW, MODE_NAMES } from './modes.ts';
import { type ProgramRatios, simulateOffline } from './offline.ts';
import { parseOpenbNodes, parseOpenbPods } from './openb.ts';
import { simulateSchedule } from './schedule.ts';
import { renderResult } from './table.ts';

/** Exit code for a wrong command line or wrong data. */
const EXIT_USAGE = 2;

/** Largest load that is simulated; beyond it the queue only grows and nothing more is placed. */
const MAX_LOAD = 10;
/** Most pods of a window. */
const MAX_WINDOW = 100_000;

const EXAMPLE = `
Example:
  gpuopt simulate schedule --nodes openb_node_list_gpu_node.csv --pods openb_pod_list_default.csv \\
    --format openb --policy fgd --mode online --load 1.3 --seed 42 --json

Exit codes: 0 simulated; 2 the command line or the data is wrong (the message names file, line, field and remedy).`;

/** What the command reads from and writes to. */
export interface SimulateIo {
  readonly readFile: (path: string) => string;
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  readonly exit: (code: number) => void;
  /** Monotonic microseconds. */
  readonly clock: () => number;
}

const PROCESS_IO: SimulateIo = {
  readFile: (path) => readFileSync(path, 'utf8'),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
  clock: () => performance.now() * 1000,
};

type Options = Readonly<
  Record<'nodes' | 'pods' | 'format' | 'policy' | 'mode' | 'load' | 'seed', string | undefined>
> & {
  readonly window?: string;
  readonly json?: boolean;
};

/** Adds `simulate schedule` to a program; answers the command `simulate`, for others beside it. */
export function registerSimulate(program: Command, io: SimulateIo = PROCESS_IO): Command {
  const simulate = program.command('simulate').description('ask the planner what it would do');
  const schedule = simulate
    .command('schedule')
    .description('submit the pods of a trace one by one and show how well they pack');
  schedule
    .option('--nodes <file>', 'node list, CSV (required)')
    .option('--pods <file>', 'pod list, CSV (required)')
    .option('--format <name>', 'format of both lists: openb', 'openb')
    .option('--policy <name>', `packing policy: ${POLICY_NAMES.join(', ')}`, 'fgd')
    .option('--mode <name>', `what the planner may: ${MODE_NAMES.join(', ')}`, 'online')
    .option('--window <pods>', `pods seen at once in mode window, default ${DEFAULT_WINDOW}`)
    .option('--load <factor>', 'GPUs asked for as a multiple of the capacity', '1.3')
    .option('--seed <n>', 'settles the order of pods and of ties', '42')
    .option('--json', 'print one JSON object and nothing else')
    .addHelpText('after', EXAMPLE)
    .configureOutput({ writeOut: io.stdout, writeErr: io.stderr })
    .exitOverride((error) => leave(error, io))
    .action((options: Options) => {
      run(options, io);
    });
  return simulate;
}

/** Help leaves with 0; every other complaint of the parser is about usage. */
function leave(error: CommanderError, io: SimulateIo): never {
  const code = error.exitCode === 0 ? 0 : EXIT_USAGE;
  if (io === PROCESS_IO) process.exit(code);
  throw new CommanderError(code, error.code, error.message);
}

function run(options: Options, io: SimulateIo): void {
  try {
    const { result, program } = simulate(options, io);
    io.stdout(options.json === true ? `${JSON.stringify(result)}\n` : renderResult(result, program));
  } catch (error) {
    if (!(error instanceof TraceError || error instanceof UsageError)) throw error;
    io.stderr(`error: ${error.message}\n`);
    io.exit(EXIT_USAGE);
  }
}

function simulate(
  options: Options,
  io: SimulateIo,
): { readonly result: SimulateResult; readonly program?: ProgramRatios } {
  oneOf('--format', options.format, ['openb']);
  const mode = oneOf('--mode', options.mode, MODE_NAMES);
  const policy = oneOf('--policy', options.policy, POLICY_NAMES);
  const load = numberIn(
    '--load',
    options.load,
    (value) => value > 0 && value <= MAX_LOAD,
    `a number above 0, at most ${MAX_LOAD}`,
  );
  const seed = numberIn(
    '--seed',
    options.seed,
    (value) => Number.isInteger(value) && value >= 0 && value < 2 ** 32,
    'a whole number from 0 to 4294967295',
  );
  if (options.window !== undefined && mode !== 'window') {
    throw new UsageError('--window: it belongs to mode window; add --mode window or leave it out');
  }
  const window = numberIn(
    '--window',
    options.window ?? String(DEFAULT_WINDOW),
    (value) => Number.isInteger(value) && value >= 1 && value <= MAX_WINDOW,
    `a whole number from 1 to ${MAX_WINDOW}`,
  );
  if (mode === 'offline' && policy !== 'gpuopt') {
    throw new UsageError('--mode: "offline" plans by a program of its own; use --policy gpuopt');
  }
  if (mode !== 'online' && policy === 'best-fit') {
    throw new UsageError(`--mode: "${mode}" needs a policy that values what is free; use --policy fgd or gpuopt`);
  }
  const nodes = parseOpenbNodes(read('--nodes', options.nodes, io), options.nodes ?? '');
  const pods = parseOpenbPods(read('--pods', options.pods, io), options.pods ?? '');
  const asked = { nodes, pods, policy, mode, window, load, seed, clock: io.clock };
  return mode === 'offline' ? simulateOffline(asked) : { result: simulateSchedule(asked) };
}

function oneOf<Value extends string>(option: string, value: string | undefined, available: readonly Value[]): Value {
  const found = available.find((each) => each === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option}: "${value}" is unknown; available: ${available.join(', ')}`);
}

function numberIn(option: string, value: string | undefined, valid: (value: number) => boolean, what: string): number {
  const number = Number(value);
  if (value !== undefined && value.trim() !== '' && valid(number)) return number;
  throw new UsageError(`${option}: "${value}" is not valid; write ${what}`);
}

function read(option: string, path: string | undefined, io: SimulateIo): string {
  if (path === undefined) {
    throw new UsageError(`${option}: no file is given; write ${option} FILE.csv (see gpuopt simulate schedule --help)`);
  }
  try {
    return io.readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`${option}: "${path}" cannot be read (${reason}); name a readable CSV file`);
  }
}
