import { request } from 'undici';

import type { Clock, Logger } from '../../observability/index.ts';
import { openStore } from '../../store/index.ts';
import { usagePath } from './api.ts';
import { showUsage, type UsageAnswer, type UsageQuestion } from './query.ts';
import { UsageQuestionError } from './question.ts';

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

const timeoutMillis = 15_000;

/** Asks the one source that the options name. */
export async function ask(
  question: UsageQuestion,
  options: SourceOptions,
  deps: { readonly clock: Clock; readonly log: Logger },
): Promise<UsageAnswer> {
  const { server, databaseUrl, dataDir } = options;
  if ([server, databaseUrl, dataDir].filter((one) => one !== undefined).length !== 1) {
    throw new UsageQuestionError(
      'name one source: --server URL (a running operator; or the environment variable GPUOPT_SERVER), --database-url or --data-dir',
    );
  }
  if (server !== undefined) return await askServer(server, question);
  const store = await openStore({ url: databaseUrl, dataDir, ...deps });
  try {
    await store.migrate();
    return await showUsage(store, question);
  } finally {
    await store.close();
  }
}

async function askServer(server: string, { tenant, from, to }: UsageQuestion): Promise<UsageAnswer> {
  if (!URL.canParse(server))
    throw new UsageQuestionError(`--server "${server}" is no URL; write for example http://127.0.0.1:8081`);
  const url = new URL(usagePath, server);
  url.search = new URLSearchParams({ tenant, from, to }).toString();
  try {
    const { statusCode, body } = await request(url, { headersTimeout: timeoutMillis, bodyTimeout: timeoutMillis });
    const text = await body.text();
    if (statusCode !== 200) throw new UsageUnreachableError(`${url.origin} answered ${statusCode}: ${text.trim()}`);
    const answer: unknown = JSON.parse(text);
    if (!isAnswer(answer))
      throw new UsageUnreachableError(`${url.origin} did not answer with usage; is it the operator's API address?`);
    return answer;
  } catch (cause) {
    if (cause instanceof UsageUnreachableError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageUnreachableError(`${url.origin} does not answer: ${reason}; does the operator run?`, { cause });
  }
}

function isAnswer(value: unknown): value is UsageAnswer {
  return (
    typeof value === 'object' && value !== null && 'meters' in value && Array.isArray(value.meters) && 'cost' in value
  );
}
