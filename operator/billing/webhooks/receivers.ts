import { type BillingProvider, kinds } from '../../api/index.ts';
import { Secret } from '../../kube/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Client } from '../../runtime/index.ts';
import { keyOf } from '../provider/key.ts';
import { stripeWebhooks } from '../sinks/stripe/webhook-source.ts';
import type { Receiver } from './receive.ts';
import { checkSecrets } from './secrets.ts';

/** What is needed to learn who takes webhooks. */
export interface ReceiversDeps {
  readonly client: Pick<Client, 'get' | 'list'>;
  readonly operatorNamespace: string;
  readonly clock: Clock;
}

/** What a Secret of the operator's namespace holds; undefined where there is none. */
export type ReadSecret = (name: string) => Promise<Readonly<Record<string, string>> | undefined>;

/** A secret that was rolled is taken this soon; and what strangers ask costs the API server one list in this time. */
const freshMillis = 15_000;

/**
 * Finds the receiver of a BillingProvider's webhooks. Every replica answers, not only the one that leads and keeps a
 * cache, so this reads the cluster itself, all providers at once. While the API server does not answer, what was read
 * last still stands; throws what the client throws when nothing was read yet.
 */
export function clusterReceivers({
  client,
  operatorNamespace,
  clock,
}: ReceiversDeps): (provider: string) => Promise<Receiver | undefined> {
  const secret: ReadSecret = async (name) => {
    const found = await client.get(Secret, { namespace: operatorNamespace, name });
    return found && (found.data ?? {});
  };
  const read = async (): Promise<ReadonlyMap<string, Receiver>> => {
    const found = new Map<string, Receiver>();
    for (const provider of await client.list(kinds.BillingProvider)) {
      const receiver = await receiverOf(provider, secret);
      if (receiver.kind === 'ok') found.set(provider.metadata.name, receiver.receiver);
    }
    return found;
  };
  let known: ReadonlyMap<string, Receiver> | undefined;
  let reading: Promise<void> | undefined;
  let staleAt = Number.NEGATIVE_INFINITY;
  const refresh = async (): Promise<void> => {
    try {
      known = await read();
    } catch (error) {
      if (known === undefined) throw error;
    }
    staleAt = clock.monotonic() + freshMillis;
  };
  return async (provider) => {
    if (clock.monotonic() >= staleAt) {
      reading ??= refresh().finally(() => {
        reading = undefined;
      });
      await reading;
    }
    return known?.get(provider);
  };
}

/** A receiver, or why a provider has none. */
export type ReceiverCheck =
  | { readonly kind: 'ok'; readonly receiver: Receiver }
  | { readonly kind: 'bad'; readonly reason: string; readonly message: string };

/** Makes the receiver of a provider from the Secrets that it names. */
export async function receiverOf({ metadata, spec }: BillingProvider, secret: ReadSecret): Promise<ReceiverCheck> {
  if (spec.type !== 'Stripe')
    return { kind: 'bad', reason: 'NotConfigured', message: `a provider of type ${spec.type} sends no webhooks here` };
  const data = spec.webhookSecretRef === undefined ? undefined : await secret(spec.webhookSecretRef.name);
  const checked = checkSecrets(spec, data);
  if (checked.kind === 'bad') return checked;
  const key = await keyOf(spec, async (name) => {
    const found = await secret(name);
    return found && { data: found };
  });
  if (key.kind === 'bad') return { kind: 'bad', reason: 'KeyMissing', message: key.message };
  const source = stripeWebhooks({ key: key.key, endpoint: spec.endpoint }, checked.secrets);
  const mode = spec.mode === 'Live' ? 'live' : 'test';
  return { kind: 'ok', receiver: { provider: metadata.name, mode, source } };
}
