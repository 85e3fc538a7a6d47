import type { World } from '../world.ts';
import { Refusal } from './refusal.ts';

/** What goes back to the caller. */
export interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const daySeconds = 86_400;
const longest = 255;

/**
 * Gives the first answer of an idempotency key again, also a refusal's or a 500, and refuses the key with other
 * parameters. Kept for 24 hours; what was refused before any work began is not kept
 * (https://docs.stripe.com/api/idempotent_requests).
 */
export function once(world: World, key: string | undefined, request: string, work: () => Answer): Answer {
  if (key === undefined) return work();
  if (key.length > longest) {
    throw new Refusal(400, `Idempotency keys may have ${longest} characters at most.`, { beforeWork: true });
  }
  const { state, clock } = world;
  const kept = state.get('replay', key);
  if (kept !== undefined && clock.seconds() - kept.at < daySeconds) {
    if (kept.request === request) {
      return { status: kept.status, body: kept.body, headers: { 'idempotent-replayed': 'true' } };
    }
    const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}'.`;
    throw new Refusal(400, message, { type: 'idempotency_error', beforeWork: true });
  }
  const keep = ({ status, body }: Answer): void => {
    state.put('replay', { id: key, request, status, body, at: clock.seconds() });
  };
  try {
    return state.atomically(() => {
      const answer = work();
      keep(answer);
      return answer;
    });
  } catch (error) {
    if (error instanceof Refusal && error.details.beforeWork !== true) keep({ status: error.status, body: error.body });
    throw error;
  }
}

/** Makes the kept answer of a key a 500: only another key learns what really happened. */
export function breakKept({ state }: World, key: string | undefined, answer: Answer): void {
  const kept = key === undefined ? undefined : state.get('replay', key);
  if (kept !== undefined) state.put('replay', { ...kept, ...answer });
}
