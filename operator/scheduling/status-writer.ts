import { kinds } from '../api/index.ts';
import { seconds } from '../kube/index.ts';
import type { Clock } from '../observability/index.ts';
import type { Context } from '../runtime/index.ts';
import type { Decision } from './decide.ts';
import { errorCode } from './failures.ts';
import type { Facts } from './observe.ts';
import { poolNumbers, waitingByTenant } from './report.ts';

/** Least time between two writes of the planner's part of the status of pools and tenants. */
const EVERY_MILLIS = seconds(5);

/** Writes the planner's part of status. Answers the milliseconds until it may write again; 0 when it just did. */
export type StatusWriter = (facts: Facts, decision: Decision, ctx: Context) => Promise<number>;

/** A writer that keeps the pace. Its first write is due at once. */
export function createStatusWriter(clock: Pick<Clock, 'monotonic'>): StatusWriter {
  let last: number | undefined;
  return async (facts, decision, ctx) => {
    const since = last === undefined ? EVERY_MILLIS : clock.monotonic() - last;
    if (since < EVERY_MILLIS) return EVERY_MILLIS - since;
    last = clock.monotonic();
    for (const [name, status] of poolNumbers(facts, decision)) {
      await unlessGone(ctx.applyStatus(kinds.GPUPool, { metadata: { name }, status }));
    }
    const waiting = waitingByTenant(decision);
    for (const name of facts.tenants) {
      const status = { waitingPods: waiting.get(name) ?? 0, shares: facts.shares.get(name) ?? [] };
      await unlessGone(ctx.applyStatus(kinds.Tenant, { metadata: { name }, status }));
    }
    return 0;
  };
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write;
  } catch (error) {
    if (errorCode(error) !== 'NotFound') throw error;
  }
}
