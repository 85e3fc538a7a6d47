import { createHmac } from 'node:crypto';
import { request } from 'undici';

import type { Clock } from '../../../observability/index.ts';
import type { Delivery, UsageSink } from '../sink.ts';
import { usageEvent } from '../usage-event.ts';
import { classify } from './classify.ts';

/** Where usage is posted, and what its receiver knows it by. */
export interface WebhookTarget {
  readonly url: string;
  /** The bytes that sign, as they stand after `whsec_` in base64. */
  readonly key: Buffer;
  readonly mode: 'test' | 'live';
}

/** By contract a receiver remembers every identifier for good and takes usage of any age. */
const capabilities = { dedupeSeconds: Number.POSITIVE_INFINITY, backdateSeconds: Number.POSITIVE_INFINITY };
const timeoutMillis = 20_000;
/** Of an answer, as much is read. */
const mostCharacters = 300;

/**
 * Usage as CloudEvents 1.0 in structured mode, one a request, signed as Standard Webhooks 1.0 asks: `webhook-id`,
 * `webhook-timestamp` and `webhook-signature` (v1, HMAC-SHA256 of id.timestamp.body). The bytes of an event are the same
 * in every attempt, those of the signature are not.
 */
export function webhookSink(target: WebhookTarget, clock: Pick<Clock, 'now'>): UsageSink {
  return {
    capabilities,
    deliver: async (row, signal) => {
      const body = usageEvent(row, target.mode);
      try {
        const {
          statusCode,
          headers,
          body: answer,
        } = await request(target.url, {
          method: 'POST',
          headers: {
            'content-type': 'application/cloudevents+json',
            ...signed(target.key, row.identifier, body, clock),
          },
          body,
          signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMillis)]),
        });
        return classify(statusCode, headers['retry-after'], await beginningOf(answer));
      } catch (error) {
        return { kind: 'unknown', reason: error instanceof Error ? error.message : String(error) } satisfies Delivery;
      }
    },
    // Never asked: identifiers are remembered for good, so a row is sent again instead.
    recorded: () => Promise.reject(new TypeError('a receiver of webhooks states no sums')),
  };
}

function signed(key: Buffer, id: string, body: string, clock: Pick<Clock, 'now'>): Readonly<Record<string, string>> {
  const timestamp = String(Math.floor(clock.now() / 1000));
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': `v1,${signature}` };
}

async function beginningOf(answer: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of answer) {
    text += chunk.toString('utf8');
    // Leaving the loop destroys the stream: nobody can make this process read on.
    if (text.length >= mostCharacters) break;
  }
  return text.slice(0, mostCharacters);
}
