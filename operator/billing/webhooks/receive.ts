import type { Store } from '../../store/index.ts';
import type { WebhookSource } from './source.ts';

/** Whose webhooks are taken. */
export interface Receiver {
  /** Name of the BillingProvider. */
  readonly provider: string;
  readonly mode: 'test' | 'live';
  readonly source: WebhookSource;
}

/** What became of a payload. */
export type Receipt =
  | { readonly kind: 'stored' }
  /** It was here before: repetitions are normal. */
  | { readonly kind: 'known' }
  | { readonly kind: 'refused'; readonly reason: string };

/**
 * Puts a provider's event in the inbox, once by its id. Nothing else happens before the answer: the provider waits a few
 * seconds only, and the work is the leader's. `now` in milliseconds since 1970.
 */
export async function receive(
  store: Store,
  { provider, mode, source }: Receiver,
  payload: string,
  signature: string,
  now: number,
): Promise<Receipt> {
  const opened = source.open(payload, signature, now);
  if (opened.kind === 'refused') return opened;
  const { notice } = opened;
  if (notice.mode !== mode) {
    return { kind: 'refused', reason: `the event is of ${notice.mode} mode, the provider ${provider} of ${mode} mode` };
  }
  const stored = await store.db
    .insertInto('webhook_inbox')
    .values({
      provider,
      event: notice.event,
      type: notice.type,
      object_type: notice.object?.type ?? null,
      object_id: notice.object?.id ?? null,
      created_at: new Date(notice.createdAt),
      received_at: new Date(now),
      state: 'RECEIVED',
    })
    .onConflict((conflict) => conflict.columns(['provider', 'event']).doNothing())
    .returning('event')
    .executeTakeFirst();
  return { kind: stored === undefined ? 'known' : 'stored' };
}
