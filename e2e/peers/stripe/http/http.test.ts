import { expect, test } from 'vitest';

import { ask, clientOf, secondsMeter, testPeer, usage } from '../testing.ts';

const bearer = { authorization: 'Bearer sk_test_peer' };
const form = 'application/x-www-form-urlencoded';
const version = '2026-10-28.endive';

test.each<[string, string, RequestInit, number, string | undefined]>([
  ['no key', '/v1/customers', {}, 401, undefined],
  [
    'a key in basic authentication',
    '/v1/customers',
    { headers: { authorization: `Basic ${btoa('sk_test_peer:')}` } },
    200,
    undefined,
  ],
  ['v1 without a version: the account’s own', '/v1/customers', { headers: bearer }, 200, undefined],
  ['v2 without a version', '/v2/core/events', { headers: bearer }, 400, 'invalid_api_version'],
  [
    'another version',
    '/v1/customers',
    { headers: { ...bearer, 'stripe-version': '2020-08-27' } },
    400,
    'invalid_api_version',
  ],
  [
    'a preview version',
    '/v1/customers',
    { headers: { ...bearer, 'stripe-version': `${version}.preview` } },
    400,
    'invalid_api_version',
  ],
  [
    'JSON for v1',
    '/v1/customers',
    { method: 'POST', body: '{}', headers: { ...bearer, 'content-type': 'application/json' } },
    400,
    undefined,
  ],
  [
    'no JSON for v2',
    '/v2/billing/meter_events',
    {
      method: 'POST',
      body: 'a=1',
      headers: { ...bearer, 'content-type': 'application/json', 'stripe-version': version },
    },
    400,
    'invalid_json',
  ],
  ['an unknown path', '/v1/nothing', { headers: bearer }, 404, 'url_invalid'],
  ['a path that only ends like a known one', '/v1/customers/a/b', { headers: bearer }, 404, 'url_invalid'],
  [
    'a parameter that is a value and an object',
    '/v1/customers',
    { method: 'POST', body: 'metadata=1&metadata[a]=1', headers: { ...bearer, 'content-type': form } },
    400,
    undefined,
  ],
  ['a word as a number', '/v1/customers?limit=many', { headers: bearer }, 400, 'parameter_invalid_integer'],
  ['a page that is too long', '/v1/customers?limit=101', { headers: bearer }, 400, 'parameter_invalid_integer'],
  ['a cursor that is nowhere', '/v1/customers?starting_after=cus_nobody', { headers: bearer }, 400, 'resource_missing'],
  [
    'an idempotency key of 256 characters',
    '/v1/customers',
    { method: 'POST', headers: { ...bearer, 'idempotency-key': 'x'.repeat(256) } },
    400,
    undefined,
  ],
])('%s', async (_, path, init, status, code) => {
  const { peer } = await testPeer();
  const response = await fetch(`${peer.url}${path}`, init);
  const body: unknown = await response.json();
  const error: unknown = Reflect.get(Object(body), 'error');
  expect([response.status, Reflect.get(Object(error), 'code')]).toEqual([status, code]);
});

test.each([409, 429] as const)(
  'a second call in flight for a customer and meter is %i, for another customer not',
  async (concurrencyStatus) => {
    const route = 'POST /v1/billing/meter_events';
    const { peer, stripe } = await testPeer({
      customers: ['cus_acme', 'cus_other'],
      settings: { concurrencyStatus },
      faults: [{ route, nth: 1, fault: 'slow', delayMs: 500 }],
    });
    await secondsMeter(stripe);
    const first = stripe.billing.meterEvents.create(usage('one', '1'));
    await expect.poll(() => ask(peer, 'truth')).toBeDefined();
    await new Promise((resolve) => setTimeout(resolve, 100));
    await expect(stripe.billing.meterEvents.create(usage('two', '1'))).rejects.toMatchObject({
      statusCode: concurrencyStatus,
    });
    const payload = { stripe_customer_id: 'cus_other', value: '1' };
    await stripe.billing.meterEvents.create(usage('three', '1', { payload }));
    await first;
  },
);

test('a refusal of parameters leaves the idempotency key free, one of the work does not', async () => {
  const { stripe } = await testPeer();
  const create = (email: string, key: string) =>
    stripe.rawRequest('POST', '/v1/customers', { [email]: 'a' }, { idempotencyKey: key });
  await expect(create('emial', 'k')).rejects.toMatchObject({ code: 'parameter_unknown' });
  await create('email', 'k');
  const price = (product: string) =>
    stripe.prices.create({ currency: 'usd', product, unit_amount: 1 }, { idempotencyKey: 'p' });
  await expect(price('prod_late')).rejects.toMatchObject({ code: 'resource_missing' });
  await stripe.products.create({ id: 'prod_late', name: 'late' });
  await expect(price('prod_late')).rejects.toMatchObject({ code: 'resource_missing' });
});

test('after a day an idempotency key is a new one', async () => {
  const { peer, stripe } = await testPeer();
  const create = () => stripe.customers.create({ name: 'a' }, { idempotencyKey: 'k' });
  const first = await create();
  await ask(peer, 'clock', { advanceSeconds: 86_401 });
  expect((await create()).id).not.toBe(first.id);
});

test('pages go on where they ended, both ways, and the SDK reads them all', async () => {
  const { stripe } = await testPeer({ customers: [] });
  for (const name of ['a', 'b', 'c', 'd', 'e']) await stripe.customers.create({ name });
  const names: (string | null | undefined)[] = [];
  for await (const { name } of stripe.customers.list({ limit: 2 })) names.push(name);
  expect(names).toEqual(['e', 'd', 'c', 'b', 'a']);
  const [newest] = (await stripe.customers.list({ limit: 3 })).data.slice(-1);
  const before = await stripe.customers.list({ limit: 1, ending_before: newest?.id ?? '' });
  expect([before.data.map(({ name }) => name), before.has_more]).toEqual([['d'], true]);
});

test('objects are answered in place of their ids when asked for', async () => {
  const { stripe } = await testPeer();
  const customer = await stripe.customers.create({ name: 'a' });
  const item = await stripe.invoiceItems.create({
    customer: customer.id,
    amount: 1,
    currency: 'usd',
    expand: ['customer'],
  });
  expect(item.customer).toMatchObject({ object: 'customer', name: 'a' });
  const wrong = stripe.customers.retrieve(customer.id, { expand: ['nothing'] });
  await expect(wrong).rejects.toMatchObject({ message: expect.stringContaining('cannot be expanded') });
});

test('meter events have a limit of their own in the live profile', async () => {
  const { peer } = await testPeer({ settings: { ratePerSecond: 2, eventRatePerSecond: 50 } });
  const stripe = clientOf(peer);
  await secondsMeter(stripe);
  const sends = Array.from({ length: 10 }, (_, index) => {
    const event = usage(String(index), '1', { payload: { stripe_customer_id: `cus_${index}`, value: '1' } });
    return stripe.billing.meterEvents.create(event);
  });
  await Promise.all(sends);
  const others = await Promise.allSettled([1, 2, 3].map(() => stripe.accounts.retrieveCurrent()));
  expect(others.some(({ status }) => status === 'rejected')).toBe(true);
});
