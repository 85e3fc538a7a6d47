/**
 * What is sent to Stripe has the shapes of Stripe's own OpenAPI description, as stripe-mock checks them. The peer answers,
 * since stripe-mock remembers nothing; each request goes to both.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { parseDecimal } from '../../operator/billing/index.ts';
import { stripeCatalog, stripePages, stripeSink, stripeWebhooks } from '../../operator/billing/sinks/index.ts';
import { progressTo } from '../cluster/progress.ts';
import { billingCases } from '../peers/stripe/conformance/billing.ts';
import { meteringCases } from '../peers/stripe/conformance/metering.ts';
import { objectCases } from '../peers/stripe/conformance/objects.ts';
import { type StripeMock, startStripeMock } from '../peers/stripe/conformance/stripe-mock.ts';
import { peerSubject } from '../peers/stripe/conformance/subject.ts';
import { type Asked, startTee, type Tee } from '../peers/stripe/conformance/tee.ts';
import { acme, afterwards, ask } from '../peers/stripe/testing.ts';

let mock: StripeMock;
beforeAll(async () => {
  mock = await startStripeMock(progressTo(process.stderr));
});
afterAll(() => mock?.stop());

async function teeBefore(peerUrl: string): Promise<Tee> {
  const tee = await startTee(peerUrl, mock.url);
  afterwards(() => tee.close());
  return tee;
}

/** What the peer took and stripe-mock refuses. It has neither v2 nor a memory. */
function misshapen(asked: readonly Asked[]): readonly Asked[] {
  return asked.filter(({ request, answered, checked }) => !/ \/v2\//.test(request) && answered < 400 && checked >= 400);
}

test('stripe-mock refuses a parameter that Stripe does not have', async () => {
  const tee = await teeBefore(mock.url);
  const body = new URLSearchParams({ nmae: 'a' });
  await fetch(`${tee.url}/v1/customers`, { method: 'POST', body, headers: { authorization: 'Bearer sk_test_123' } });
  expect(tee.asked).toMatchObject([{ checked: 400, words: expect.stringContaining('additional properties') }]);
});

describe('what the peer takes in its conformance cases', () => {
  test.each([...objectCases, ...meteringCases, ...billingCases])('$name', async ({ run }) => {
    const tees: Tee[] = [];
    const { subject } = await peerSubject({}, async (url) => {
      const tee = await teeBefore(url);
      tees.push(tee);
      return tee.url;
    });
    await run(subject);
    const asked = tees.flatMap((tee) => tee.asked);
    expect(asked.length).toBeGreaterThan(0);
    expect(misshapen(asked)).toEqual([]);
  });
});

const key = 'sk_test_peer';
const eventName = 'gpu_seconds__l4';
const wanted = {
  ...{ key: 'gpuopt/standard/1/l4', product: 'gpuopt_l4', eventName, currency: 'usd' },
  mode: 'Graduated',
  tiers: [{ upTo: 3600n, unitPrice: 0n }, { unitPrice: parseDecimal('0.05') }],
} as const;
const who = { uid: '8c6f1c5e-0000-4000-8000-000000000001', name: 'acme' };

test('what the operator sends', async () => {
  const { peer } = await peerSubject({});
  const tee = await teeBefore(peer.url);
  const connection = { key, endpoint: tee.url };
  const now = Number(Reflect.get(Object(await ask(peer, 'truth')), 'now'));
  const hour = now - (now % 3600) - 3600;

  const sink = stripeSink(connection);
  expect(await sink.probe()).toMatchObject({ kind: 'ok' });
  await sink.ensureMeters('acct_peer', [eventName]);
  const usage = { identifier: 'gpuopt-1', eventName, customer: acme, timestamp: hour, quantity: 3600n };
  expect(await sink.deliver(usage, AbortSignal.timeout(10_000))).toEqual({ kind: 'accepted' });
  await sink.recorded(eventName, acme, hour);
  await sink.recordedSums?.(eventName, acme, hour - (hour % 86_400), hour - (hour % 86_400) + 86_400, 'day');

  const catalog = stripeCatalog(connection, () => Promise.resolve());
  const meter = (await catalog.meters()).get(eventName)?.id ?? '';
  await catalog.makeProduct(wanted.product, 'L4');
  const { id } = await catalog.makePrice(wanted, meter);
  await catalog.products([wanted.product]);
  await catalog.prices([wanted.key]);
  await catalog.strayPrice({ ...wanted, key: 'another' });
  const customer = await catalog.makeCustomer(who);
  await catalog.customer(customer);
  await catalog.findCustomer(who);
  const subscription = await catalog.makeSubscription(customer, who, [id]);
  await catalog.findSubscription(customer, who);

  await saveAPortal(peer.url);
  const pages = stripePages(connection);
  await pages.checkout(acme, { successUrl: 'https://a.example/ok', cancelUrl: 'https://a.example/no' });
  await pages.billingPortal(acme, { returnUrl: 'https://a.example/' });

  const object = { type: 'subscription', id: subscription.id } as const;
  await stripeWebhooks(connection, []).read({ event: 'evt_1', type: 'customer.subscription.updated', object });

  expect(tee.asked.filter(({ answered, checked }) => answered >= 400 || checked >= 400)).toEqual([]);
  const routes = tee.asked.map(({ request }) =>
    request
      .split(' ')
      .slice(0, 2)
      .join(' ')
      .replace(/(mtr|cus|sub)_\w+/, ':id'),
  );
  expect([...new Set(routes)].toSorted()).toMatchInlineSnapshot(`
    [
      "GET /v1/account",
      "GET /v1/billing/meters",
      "GET /v1/billing/meters/:id/event_summaries",
      "GET /v1/customers/:id",
      "GET /v1/customers/search",
      "GET /v1/prices",
      "GET /v1/products",
      "GET /v1/subscriptions",
      "GET /v1/subscriptions/:id",
      "POST /v1/billing/meter_events",
      "POST /v1/billing/meters",
      "POST /v1/billing_portal/sessions",
      "POST /v1/checkout/sessions",
      "POST /v1/customers",
      "POST /v1/prices",
      "POST /v1/products",
      "POST /v1/subscriptions",
    ]
  `);
});

/** As with Stripe itself: somebody must have saved what the portal shows, once. */
async function saveAPortal(url: string): Promise<void> {
  const body = new URLSearchParams({ 'features[invoice_history][enabled]': 'true' });
  const init = { method: 'POST', body, headers: { authorization: `Bearer ${key}` } };
  expect((await fetch(`${url}/v1/billing_portal/configurations`, init)).status).toBe(200);
}
