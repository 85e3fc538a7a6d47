import { request } from 'undici';

import type { Clock, Logger } from '../../observability/index.ts';
import { openStore } from '../../store/index.ts';
import { UsageQuestionError } from './question.ts';
import type { Asked, Report } from './report.ts';

/** Where usage is read: a running operator, or the database itself. */
export interface SourceOptions {
  readonly server?: string;
  readonly databaseUrl?: string;
  readonly dataDir?: string;
}

/**
 * The place that should know does not answer.
 * @remedy check that the operator runs and that --server is its API address, not that of its metrics
 */
export class UsageUnreachableError extends Error {
  override readonly name = 'UsageUnreachableError';
  readonly code = 'UsageUnreachable';
}

/** A long ledger takes its time to be verified. */
const timeoutMillis = 600_000;

/** Asks the one source that the options name. */
export async function ask<T extends object>(
  report: Report<T>,
  asked: Asked,
  options: SourceOptions,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<T> {
  const { server, databaseUrl, dataDir } = options;
  if ([server, databaseUrl, dataDir].filter((one) => one !== undefined).length !== 1) {
    throw new UsageQuestionError(
      'name one source: --server URL (a running operator; or the environment variable GPUOPT_SERVER), --database-url or --data-dir',
    );
  }
  if (server !== undefined) return await askServer(report, asked, server);
  const store = await openStore({ url: databaseUrl, dataDir, ...deps });
  try {
    await store.checkVersion();
    return await report.read(store, asked, deps.clock.now());
  } finally {
    await store.close();
  }
}

async function askServer<T extends object>({ path, isAnswer }: Report<T>, asked: Asked, server: string): Promise<T> {
  if (!URL.canParse(server))
    throw new UsageQuestionError(`--server "${server}" is no URL; write for example http://127.0.0.1:8081`);
  const url = new URL(path, server);
  for (const [name, value] of Object.entries(asked)) if (typeof value === 'string') url.searchParams.set(name, value);
  try {
    const { statusCode, body } = await request(url, { headersTimeout: timeoutMillis, bodyTimeout: timeoutMillis });
    const text = await body.text();
    if (statusCode === 400) throw new UsageQuestionError(`${url.origin} answered: ${wordsOf(text)}`);
    if (statusCode !== 200) throw new UsageUnreachableError(`${url.origin} answered ${statusCode}: ${wordsOf(text)}`);
    const answer: unknown = JSON.parse(text);
    if (typeof answer !== 'object' || answer === null || !isAnswer(answer))
      throw new UsageUnreachableError(
        `${url.origin} did not answer with what was asked; is it the operator's API address?`,
      );
    return answer;
  } catch (cause) {
    if (cause instanceof UsageUnreachableError || cause instanceof UsageQuestionError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageUnreachableError(`${url.origin} does not answer: ${reason}; does the operator run?`, { cause });
  }
}

/** What the operator says in `{"error": …}`; the text itself where it is something else. */
function wordsOf(text: string): string {
  try {
    const answer: unknown = JSON.parse(text);
    const words: unknown = Reflect.get(Object(answer), 'error');
    return typeof words === 'string' ? words : text.trim();
  } catch {
    // A proxy between here and the operator answers in plain text.
    return text.trim();
  }
}
