/** What a webhook is to the server that serves it: a path that answers reviews. */
import type { Reader } from '../types.ts';

/** What a webhook says to one request. */
export interface Answer {
  /** The whole review, as JSON. */
  readonly review: object;
  /** Why there is no verdict, or nothing converted. */
  readonly failure?: unknown;
  /** Whether the failure is a mistake in the code that was called, and not something that it says. */
  readonly panicked?: boolean;
}

/** A path of the webhook server; made by `mutating`, `validating` and `conversion`. */
export interface Webhook {
  /** Begins with a slash; the label `webhook` of the metrics. */
  readonly path: string;
  readonly type: 'admission' | 'conversion';
  /** Rejects with `BadReview` when the body is not a review for this path. */
  readonly answer: (body: unknown, reader: Reader) => Promise<Answer>;
}

/**
 * The request is not a review that this path can answer: a mistake in the configuration of the API server.
 * @remedy correct the webhook configuration as the message says: review version v1, and rules for the right kind
 */
export class BadReview extends Error {
  override readonly name = 'BadReview';
  readonly code = 'BadReview';
}

/** The request of a review of this kind. Throws `BadReview`. */
export function requestOf(body: unknown, apiVersion: string, kind: string): Readonly<Record<string, unknown>> {
  const review = fields(body);
  if (review?.apiVersion !== apiVersion || review.kind !== kind) {
    const got = `${String(review?.apiVersion)} ${String(review?.kind)}`;
    throw new BadReview(`expected ${apiVersion} ${kind}, got ${got}; set the review versions of the webhook to [v1]`);
  }
  const request = fields(review.request);
  if (typeof request?.uid !== 'string' || request.uid === '') throw new BadReview('the review has no request.uid');
  return request;
}

/** A value as an object; undefined for anything else. */
export function fields(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}
