import { until } from '../api.ts';
import type { MetricsPage } from '../metrics.ts';
import type { Side } from './side.ts';
import type { RuntimeWorld } from './world.ts';

/** The counter of passes, which both sides have under controller-runtime's name. */
export const PASSES = 'controller_runtime_reconcile_total';
/** Long enough for any phase on a machine that others use. */
export const PHASE_MILLIS = 900_000;
const SETTLE_POLL_MILLIS = 100;

/** Waits until nothing is queued or in work, twice in a row. */
export async function settled({ signal }: RuntimeWorld, side: Side): Promise<void> {
  let last = Number.NaN;
  const quiet = async (): Promise<true | undefined> => {
    const page = await side.metrics();
    const passes = page.sum(PASSES);
    const busy = page.sum('workqueue_depth') + page.sum('controller_runtime_active_workers');
    const done = busy === 0 && passes > 0 && passes === last;
    last = passes;
    return done ? true : undefined;
  };
  await until(`${side.name} has nothing to do`, PHASE_MILLIS, signal, quiet, SETTLE_POLL_MILLIS);
}

/** Requests that were sent to change something. */
export function writesOf(page: MetricsPage): number {
  const writes = ['POST', 'PUT', 'PATCH', 'DELETE'];
  return writes.reduce((sum, method) => sum + page.sum('rest_client_requests_total', { method }), 0);
}

/** Pods in the cache. */
export function podsIn(page: MetricsPage): number {
  return page.sum('informer_objects', { kind: 'pods' });
}
