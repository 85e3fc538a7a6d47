import { setTimeout as delay } from 'node:timers/promises';
import { AnswerError } from '../bench/api.ts';

/** An API server that a plan has killed is back within this time, also on a machine that has much else to do. */
const AWAY_MILLIS = 180_000;
const RETRY_MILLIS = 250;
const AWAY: ReadonlySet<unknown> = new Set(['ECONNREFUSED', 'ECONNRESET', 'UND_ERR_SOCKET']);

/** Nobody listens, or a server that has just begun says 503 or, before it knows all its paths, 429. */
function isAway(error: unknown): boolean {
  if (error instanceof AnswerError) return error.status === 503 || error.status === 429;
  return typeof error === 'object' && error !== null && 'code' in error && AWAY.has(error.code);
}

/**
 * Sends until an API server is there that takes it: plans kill it at their points, and users would try again too.
 * Any other failure, and one that lasts longer than `limitMillis`, is the caller's.
 */
export async function whileAway<T>(send: () => Promise<T>, limitMillis = AWAY_MILLIS): Promise<T> {
  const until = Date.now() + limitMillis;
  for (;;) {
    try {
      return await send();
    } catch (error) {
      if (!isAway(error) || Date.now() > until) throw error;
      await delay(RETRY_MILLIS);
    }
  }
}
