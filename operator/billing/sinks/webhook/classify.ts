import type { Delivery } from '../sink.ts';

const mostDelayMillis = 300_000;
/** What says of this one event that it will never be taken. */
const never: readonly number[] = [400, 413, 422];
/** What says that nothing will be taken until somebody changes the address or the key. */
const closed: readonly number[] = [401, 403, 404, 405, 410];

/** What an answer of a receiver means: whether the event counts, never will, or is not known. */
export function classify(status: number, retryAfter: string | string[] | undefined, words: string): Delivery {
  const message = `${status} ${words}`.trim();
  if (status >= 200 && status < 300) return { kind: 'accepted' };
  if (status === 409) return { kind: 'duplicate' };
  if (never.includes(status)) return { kind: 'rejected', code: String(status), message };
  if (closed.includes(status)) return { kind: 'refused', reason: status === 401 ? 'auth' : 'permission', message };
  const seconds = Number(retryAfter);
  const retryAfterMillis = seconds > 0 ? Math.min(seconds * 1000, mostDelayMillis) : undefined;
  return { kind: 'unknown', reason: message, retryAfterMillis };
}
