import type { Clock, Logger } from '../../observability/index.ts';
import type { Store } from '../../store/index.ts';
import { apply } from './apply.ts';
import type { Reading, WebhookSource } from './source.ts';

/** What the worker works with. */
export interface WorkDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Logger;
}

const mostRows = 100;
const firstPauseMillis = 1000;
const longestPauseMillis = 300_000;

interface Row {
  readonly event: string;
  readonly type: string;
  readonly object_type: string | null;
  readonly object_id: string | null;
  readonly attempts: number;
}

/**
 * Works through what is due in a provider's inbox: reads each object anew, once for all the events about it, and in one
 * fenced transaction writes what was read and takes the events out. A crash before the commit leaves both undone. Returns
 * how many objects were read.
 */
export async function workInbox(
  deps: WorkDeps,
  provider: string,
  source: WebhookSource,
  signal: AbortSignal,
): Promise<number> {
  const rows = await due(deps, provider);
  const groups = Map.groupBy(rows, keyOf);
  for (const group of groups.values()) {
    signal.throwIfAborted();
    await workGroup(deps, provider, source, group);
  }
  return groups.size;
}

async function due({ store, clock }: WorkDeps, provider: string): Promise<readonly Row[]> {
  const now = new Date(clock.now());
  return await store.db
    .selectFrom('webhook_inbox')
    .select(['event', 'type', 'object_type', 'object_id', 'attempts'])
    .where('provider', '=', provider)
    .where('state', '=', 'RECEIVED')
    .where((eb) => eb.or([eb('next_attempt_at', 'is', null), eb('next_attempt_at', '<=', now)]))
    .orderBy('received_at')
    .orderBy('event')
    .limit(mostRows)
    .execute();
}

/** Events about one invoice or subscription need one look; a report is its own object. */
function keyOf({ event, type, object_type, object_id }: Row): string {
  const isShared = object_type === 'invoice' || object_type === 'subscription';
  return isShared && !type.startsWith('v1.billing.meter.') ? `${object_type} ${object_id}` : event;
}

async function workGroup(
  deps: WorkDeps,
  provider: string,
  source: WebhookSource,
  group: readonly Row[],
): Promise<void> {
  const [first] = group;
  if (first === undefined) return;
  const readAt = new Date(deps.clock.now());
  const object =
    first.object_id === null || first.object_type === null
      ? undefined
      : { type: first.object_type, id: first.object_id };
  let reading: Reading;
  try {
    reading = await source.read({ event: first.event, type: first.type, object });
  } catch (error) {
    await postpone(deps, provider, group, error);
    return;
  }
  const events = group.map(({ event }) => event);
  await deps.store.fence.within(async (trx) => {
    await apply(trx, { provider, event: first.event, readAt }, reading);
    await trx
      .updateTable('webhook_inbox')
      .set({ state: 'DONE', done_at: new Date(deps.clock.now()), last_error: null })
      .where('provider', '=', provider)
      .where('event', 'in', events)
      .execute();
  });
}

async function postpone(
  { store, clock, log }: WorkDeps,
  provider: string,
  group: readonly Row[],
  error: unknown,
): Promise<void> {
  const attempts = Math.max(...group.map((row) => row.attempts)) + 1;
  const pause = Math.min(longestPauseMillis, firstPauseMillis * 2 ** (attempts - 1));
  const message = error instanceof Error ? error.message : String(error);
  log.warn(
    { provider, event: group[0]?.event, attempts, err: error },
    'could not read what a webhook is about, trying again',
  );
  await store.fence.within(async (trx) => {
    await trx
      .updateTable('webhook_inbox')
      .set({ attempts, next_attempt_at: new Date(clock.now() + pause), last_error: message })
      .where('provider', '=', provider)
      .where(
        'event',
        'in',
        group.map(({ event }) => event),
      )
      .execute();
  });
}
