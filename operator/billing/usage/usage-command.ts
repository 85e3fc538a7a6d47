import type { Command } from 'commander';

import { type Clock, createLogger, type Logger, systemClock } from '../../observability/index.ts';
import { StoreError } from '../../store/index.ts';
import type { MeterUsage, UsageAnswer } from './query.ts';
import { questionOf, UsageQuestionError } from './question.ts';
import { ask, type SourceOptions, UsageUnreachableError } from './source.ts';

/** What the command gets from the command line's frame. */
export interface UsageCommandDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Sets the exit code of the process. */
  readonly exit: (code: number) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

interface ShowOptions extends SourceOptions {
  readonly tenant?: string;
  readonly from?: string;
  readonly to?: string;
  readonly json?: boolean;
}

const help = `
The embedded database belongs to the running operator: ask the operator (--server, or GPUOPT_SERVER).
With PostgreSQL (--database-url), or while the operator does not run (--data-dir), the database is read directly.
Windows are UTC hours unless the operator runs with --window-seconds; usage shows when its window is sealed.

Exit codes: 0 good, 1 rows were rejected or are held for a person, 2 wrong usage, 3 store or operator unreachable.

Example:
  gpuopt usage show --tenant acme --from 2026-01-01T00:00:00Z --to 2026-02-01T00:00:00Z --server http://127.0.0.1:8081`;

const processDeps = (): UsageCommandDeps => ({
  clock: systemClock,
  log: createLogger({ level: 'warn', destination: 2 }),
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  exit: (code) => {
    process.exitCode = code;
  },
  env: process.env,
});

/** Adds `usage show` to the program. */
export function registerUsage(program: Command, deps: UsageCommandDeps = processDeps()): void {
  const usage = program.command('usage').description('what tenants used, and what became of it');
  usage
    .command('show')
    .description("a tenant's sealed usage, what of it was delivered to the billing provider, and what it costs")
    .option('--tenant <name>', 'name of the Tenant')
    .option('--from <time>', 'first moment, RFC 3339; default: the first of this month, UTC')
    .option('--to <time>', 'end, exclusive, RFC 3339; default: now')
    .option('--server <url>', 'API address of the running operator; default: GPUOPT_SERVER')
    .option('--database-url <url>', 'read PostgreSQL directly')
    .option('--data-dir <folder>', 'read the embedded database directly, while no operator runs')
    .option('--json', 'print JSON')
    .addHelpText('after', help)
    .action(async (options: ShowOptions) => {
      deps.exit(await show(options, deps));
    });
}

/** Prints the answer; returns the exit code. */
async function show(options: ShowOptions, deps: UsageCommandDeps): Promise<number> {
  try {
    const answer = await ask(questionOf(options, deps.clock.now()), sourceOf(options, deps.env), deps);
    deps.out(options.json === true ? `${JSON.stringify(answer, undefined, 2)}\n` : table(answer));
    return answer.meters.some(({ held, rejected }) => held !== '0' || rejected !== '0') ? 1 : 0;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    deps.err(`error: ${error.message}\n`);
    return code;
  }
}

function sourceOf({ server, databaseUrl, dataDir }: ShowOptions, env: UsageCommandDeps['env']): SourceOptions {
  if (server !== undefined || databaseUrl !== undefined || dataDir !== undefined)
    return { server, databaseUrl, dataDir };
  return { server: env.GPUOPT_SERVER };
}

function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageQuestionError) return 2;
  if (error instanceof UsageUnreachableError) return 3;
  if (error instanceof StoreError) return error.code === 'StoreOptions' ? 2 : 3;
  return undefined;
}

const columns = ['quantity', 'estimated', 'unpriced', 'accepted', 'pending', 'ambiguous', 'held', 'rejected'] as const;

function table({ tenant, from, to, sealedThrough, meters, costs }: UsageAnswer): string {
  const head = ['METER', ...columns.map((column) => column.toUpperCase())];
  const body = meters.map((meter) => [
    meter.meter,
    ...columns.map((column): MeterUsage[typeof column] => meter[column]),
  ]);
  const widths = head.map((title, index) => Math.max(title.length, ...body.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, index) => (index === 0 ? cell.padEnd(widths[index] ?? 0) : cell.padStart(widths[index] ?? 0)))
      .join('  ');
  const cost =
    costs.length === 0
      ? 'nothing is priced yet'
      : costs.map(({ currency, amount }) => `${amount} ${currency}`).join(', ');
  return [
    `Tenant ${tenant}, [${from}, ${to}), sealed through ${sealedThrough ?? 'nothing yet'}, in GPU-seconds`,
    ...[head, ...body].map(line),
    `Cost: ${cost}`,
    '',
  ].join('\n');
}
