import { afterAll, beforeAll, expect, test } from 'vitest';

import { type StripePeer, startStripePeer } from '../../../e2e/peers/stripe/index.ts';
import { kinds } from '../../api/index.ts';
import type { Client, KubeObject } from '../../runtime/index.ts';
import { clusterPages } from './pages.ts';

let peer: StripePeer;
beforeAll(async () => {
  peer = await startStripePeer({ customers: ['cus_acme'], settings: { ratePerSecond: 100_000 } });
});
afterAll(() => peer.close());

/** A cluster with one BillingProvider, whose Secret holds this key. */
function clusterWith(key: string): Pick<Client, 'get'> {
  const spec = { type: 'Stripe', mode: 'Test', secretRef: { name: 'stripe-key', key: 'key' }, endpoint: peer.url };
  const objects: Readonly<Record<string, object>> = {
    [`${kinds.BillingProvider.kind}/stripe`]: { metadata: { name: 'stripe' }, spec },
    'Secret/stripe-key': { metadata: { name: 'stripe-key' }, data: { key: Buffer.from(key).toString('base64') } },
  };
  const find = (kind: string, name: string): unknown => objects[`${kind}/${name}`];
  return {
    get: async <T extends KubeObject>(kind: { kind: string }, { name }: { name: string }) => find(kind.kind, name) as T,
  };
}

const who = { provider: 'stripe', customer: 'cus_acme' };
const urls = { successUrl: 'https://a.example/ok', cancelUrl: 'https://a.example/no' };

test('Stripe makes a page for leaving a card and one of the billing portal', async () => {
  // As with Stripe itself: somebody must have saved what the portal shows, once.
  const configured = await fetch(`${peer.url}/v1/billing_portal/configurations`, {
    method: 'POST',
    headers: { authorization: 'Bearer sk_test_peer', 'content-type': 'application/x-www-form-urlencoded' },
    body: 'features[invoice_history][enabled]=true',
  });
  expect(configured.status).toBe(200);
  const pages = clusterPages(clusterWith('sk_test_peer'), 'gpuopt-system');
  expect(await pages.checkout(who, urls)).toContain('/checkout/cs_test');
  expect(await pages.billingPortal(who, { returnUrl: 'https://a.example/' })).toMatch(/^http/);
});

test.each([
  ['a provider that is not there', 'sk_test_peer', { ...who, provider: 'other' }, 'there is no BillingProvider other'],
  ['a live key in test mode', 'sk_live_x', who, 'as mode Test asks'],
  ['a customer that Stripe does not know', 'sk_test_peer', { ...who, customer: 'cus_none' }, 'No such customer'],
])('no page with %s', async (_, key, asked, message) => {
  await expect(clusterPages(clusterWith(key), 'gpuopt-system').checkout(asked, urls)).rejects.toThrow(message);
});
