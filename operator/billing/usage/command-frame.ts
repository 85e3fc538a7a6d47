import type { Command } from 'commander';

import type { Clock, Logger } from '../../observability/index.ts';
import { StoreError } from '../../store/index.ts';
import { UsageQuestionError } from './question.ts';
import type { Asked, Report } from './report.ts';
import { ask, type SourceOptions, UsageUnreachableError } from './source.ts';

/** What the commands get from the command line's frame. */
export interface UsageCommandDeps {
  readonly clock: Clock;
  readonly log: Logger;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Sets the exit code of the process. */
  readonly exit: (code: number) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The options of every command that asks the ledger. */
export interface ReportOptions extends SourceOptions, Asked {
  readonly json?: boolean;
}

/** How a command asks and prints. */
export interface Printing<T extends object> {
  readonly report: Report<T>;
  readonly text: (answer: T) => string;
  /** Whether the answer is what everybody hopes for; else the exit code is 1. */
  readonly isGood: (answer: T) => boolean;
}

/** Adds the options that say where the ledger is. */
export function withSource(command: Command): Command {
  return command
    .option('--server <url>', 'API address of the running operator; default: GPUOPT_SERVER')
    .option('--database-url <url>', 'read PostgreSQL directly')
    .option('--data-dir <folder>', 'read the embedded database directly, while no operator runs');
}

/** Adds the options of a time. */
export function withTimes(command: Command): Command {
  return command
    .option('--from <time>', 'first moment, RFC 3339; default: the first of this month, UTC')
    .option('--to <time>', 'end, exclusive, RFC 3339; default: now');
}

/** Prints the answer of a report; returns the exit code. */
export async function answer<T extends object>(
  { report, text, isGood }: Printing<T>,
  options: ReportOptions,
  deps: UsageCommandDeps,
): Promise<number> {
  const { tenant, from, to, month, json } = options;
  try {
    const found = await ask(report, { tenant, from, to, month }, sourceOf(options, deps.env), deps);
    deps.out(json === true ? `${JSON.stringify(found, undefined, 2)}\n` : text(found));
    return isGood(found) ? 0 : 1;
  } catch (error) {
    const code = exitCodeOf(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    deps.err(`error: ${error.message}\n`);
    return code;
  }
}

function sourceOf({ server, databaseUrl, dataDir }: ReportOptions, env: UsageCommandDeps['env']): SourceOptions {
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
