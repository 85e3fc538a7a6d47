import { expect, test } from 'vitest';

import type { BillingProvider } from '../../api/index.ts';
import type { Clock } from '../../observability/index.ts';
import type { Key, Kind, KubeObject } from '../../runtime/index.ts';
import { clusterReceivers, receiverOf } from './receivers.ts';

const encoded = (text: string): string => Buffer.from(text).toString('base64');
const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  stripe: { 'api-key': encoded('sk_test_1'), webhook: encoded('whsec_new\nwhsec_old\n'), empty: encoded('nothing') },
};

function provider(change: Partial<BillingProvider['spec']> = {}): BillingProvider {
  const spec = { type: 'Stripe', mode: 'Test', secretRef: { name: 'stripe', key: 'api-key' } } as const;
  const metadata = { name: 'stripe' };
  return { apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'BillingProvider', metadata, spec: { ...spec, ...change } };
}

const signed = { webhookSecretRef: { name: 'stripe', key: 'webhook' } };

test.each<[string, Partial<BillingProvider['spec']>, string]>([
  ['signing secrets and a key', signed, 'ok'],
  ['no signing secret is named', {}, 'NotConfigured'],
  ['a provider that sends none', { ...signed, type: 'Webhook' }, 'NotConfigured'],
  ['the Secret is not there', { webhookSecretRef: { name: 'other', key: 'webhook' } }, 'SecretMissing'],
  ['the Secret has no such key', { webhookSecretRef: { name: 'stripe', key: 'other' } }, 'SecretKeyMissing'],
  ['nothing in it is a signing secret', { webhookSecretRef: { name: 'stripe', key: 'empty' } }, 'NoSigningSecret'],
  ['the API key is of the other mode', { ...signed, mode: 'Live' }, 'KeyMissing'],
])('%s', async (_, change, expected) => {
  const found = await receiverOf(provider(change), async (name) => secrets[name]);
  expect(found.kind === 'ok' ? 'ok' : found.reason).toBe(expected);
  if (found.kind === 'bad') expect(found.message).not.toMatch(/whsec_[a-z]|sk_test_/);
});

/** A cluster with one provider that may stop answering. */
class FakeCluster {
  calls = 0;
  down = false;

  async list<T extends KubeObject>(kind: Kind<T>): Promise<readonly T[]> {
    this.calls += 1;
    if (this.down) throw new Error('no answer');
    // The caller asks for BillingProviders only.
    return [provider(signed) as KubeObject as T].filter(() => kind.plural === 'billingproviders');
  }

  async get<T extends KubeObject>(_kind: Kind<T>, { name }: Key): Promise<T | undefined> {
    const data = secrets[name];
    return data && ({ apiVersion: 'v1', kind: 'Secret', metadata: { name }, data } as KubeObject as T);
  }
}

test('every replica finds receivers by reading the cluster, once in 15 seconds, and keeps them while it is down', async () => {
  const client = new FakeCluster();
  let now = 0;
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => undefined };
  const receiverFor = clusterReceivers({ client, operatorNamespace: 'gpuopt-system', clock });
  client.down = true;
  await expect(receiverFor('stripe')).rejects.toThrow('no answer');
  client.down = false;
  const found = await Promise.all([receiverFor('stripe'), receiverFor('stranger'), receiverFor('stripe')]);
  expect(found.map((one) => one?.provider)).toEqual(['stripe', undefined, 'stripe']);
  expect(client.calls).toBe(2);
  client.down = true;
  now += 15_001;
  expect((await receiverFor('stripe'))?.mode).toBe('test');
  expect(client.calls).toBe(3);
});
