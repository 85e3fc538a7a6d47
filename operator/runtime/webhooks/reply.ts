/** One request to a webhook: read, judged, counted. */
import type { IncomingMessage } from 'node:http';
import type { Clock, Logger } from '../../observability/index.ts';
import type { Reader } from '../types.ts';
import type { WebhookMetrics } from './metrics.ts';
import { BadReview, type Webhook } from './webhook.ts';

/** What webhooks work with. */
export interface WebhookParts {
  readonly reader: Reader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: WebhookMetrics;
}

/** What is sent back. */
export interface Reply {
  readonly code: number;
  readonly type: 'application/json' | 'text/plain';
  readonly text: string;
}

/** A review holds the object twice, each at most 3 MiB, and 1 MiB of the rest: the limit of controller-runtime. */
const admissionBytes = 7 * 1024 ** 2;
/** A conversion holds every object of a list that is in another version. */
const conversionBytes = 64 * 1024 ** 2;
/** The longest that the API server waits for a webhook, whatever its configuration says. */
const answerMillis = 30_000;

/** Answers a request and measures it. Never rejects: what is no verdict is an HTTP error, for the failurePolicy to judge. */
export async function reply(hook: Webhook, request: IncomingMessage, parts: WebhookParts): Promise<Reply> {
  const { clock, log, metrics } = parts;
  const webhook = hook.path;
  const begun = clock.monotonic();
  metrics.inFlight.inc({ webhook });
  const made = await judged(hook, request, parts).catch((error: unknown) => {
    log.warn({ webhook, err: error }, 'a request to a webhook was not answered');
    return refusal(error instanceof BadReview ? 400 : 500, error instanceof Error ? error.message : String(error));
  });
  metrics.inFlight.dec({ webhook });
  metrics.requests.inc({ webhook, code: String(made.code) });
  metrics.latency.observe({ webhook }, (clock.monotonic() - begun) / 1000);
  return made;
}

/** An HTTP error in plain words. */
export function refusal(code: number, message: string): Reply {
  return { code, type: 'text/plain', text: `${message}\n` };
}

async function judged(hook: Webhook, request: IncomingMessage, parts: WebhookParts): Promise<Reply> {
  const { clock, log, metrics, reader } = parts;
  if (request.method !== 'POST') return refusal(405, `${request.method} is not answered here; POST a review`);
  const limit = hook.type === 'admission' ? admissionBytes : conversionBytes;
  const text = await textOf(request, limit);
  if (text === undefined) return refusal(413, `a request here has at most ${limit} bytes`);
  const { failure, panicked, review } = await inTime(hook.answer(parsed(text), reader), clock);
  const said = { type: 'application/json', text: JSON.stringify(review) } as const;
  if (failure === undefined) return { code: 200, ...said };
  if (panicked) metrics.panics[hook.type].inc();
  log.error({ webhook: hook.path, err: failure }, 'a webhook failed');
  // A conversion that failed is an answer of its own; an admission that failed must not look like a verdict.
  return { code: hook.type === 'conversion' ? 200 : 500, ...said };
}

/** Nobody waits longer for the answer. */
async function inTime<T>(work: Promise<T>, clock: Clock): Promise<T> {
  const over = new AbortController();
  const late = clock.sleep(answerMillis, over.signal).then(() => {
    throw new Error(`no answer within ${answerMillis / 1000} s`);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    over.abort();
  }
}

/** The body; undefined when it is longer than the limit. */
async function textOf(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    // The rest is read and dropped: a client that is still writing would not see the answer.
    if (length <= limit) chunks.push(chunk);
  }
  return length > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadReview('the request is not JSON', { cause });
  }
}
