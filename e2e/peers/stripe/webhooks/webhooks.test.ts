import { once } from 'node:events';
import { createServer } from 'node:http';
import Stripe from 'stripe';
import { expect, test } from 'vitest';

import type { Fault } from '../control/faults.ts';
import { afterwards, ask, secondsMeter, testPeer, truthOf, usage } from '../testing.ts';

interface Received {
  readonly body: string;
  readonly signature: string;
}

/** A receiver that answers with these statuses, one after the other, and with 200 from then on. */
async function receiver(...statuses: readonly number[]): Promise<{ url: string; received: Received[] }> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const status = statuses[received.length] ?? 200;
      received.push({ body: Buffer.concat(chunks).toString(), signature: String(request.headers['stripe-signature']) });
      response.writeHead(status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  afterwards(async () => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/hook`, received };
}

const descriptions = (received: readonly Received[]): unknown[] =>
  received.map(({ body }) => JSON.parse(body).data.object.description);

async function subscribed(faults: readonly Fault[], ...statuses: readonly number[]) {
  const { peer, stripe } = await testPeer({ faults });
  const { url, received } = await receiver(...statuses);
  const endpoint = await stripe.webhookEndpoints.create({ url, enabled_events: ['customer.created'] });
  const create = async (...names: readonly string[]): Promise<void> => {
    for (const description of names) await stripe.customers.create({ description });
    await ask(peer, 'webhooks', {});
  };
  return { peer, stripe, received, endpoint, create };
}

test('an event is signed for its endpoint, and is what the account says of it', async () => {
  const { stripe, received, endpoint, create } = await subscribed([]);
  await create('a');
  const [first] = received;
  const event = stripe.webhooks.constructEvent(first?.body ?? '', first?.signature ?? '', endpoint.secret ?? '');
  expect(event).toMatchObject({ type: 'customer.created', api_version: '2026-10-28.endive' });
  expect(await stripe.events.retrieve(event.id)).toEqual(event);
  expect(() => stripe.webhooks.constructEvent(first?.body ?? '', first?.signature ?? '', 'whsec_other')).toThrow();
  expect((await stripe.webhookEndpoints.retrieve(endpoint.id)).secret).toBeUndefined();
});

const on = (nth: number, fault: Fault['fault'], more: Partial<Fault> = {}): Fault => ({
  route: 'WEBHOOK customer.created',
  nth,
  fault,
  ...more,
});

test.each<[string, readonly Fault[], readonly string[]]>([
  ['none', [], ['a', 'b', 'c']],
  ['one lost', [on(2, 'lose')], ['a', 'c']],
  ['one repeated', [on(2, 'repeat')], ['a', 'b', 'b', 'c']],
  ['one overtaken', [on(1, 'reorder')], ['b', 'a', 'c']],
  ['the last held back with nothing to overtake it', [on(3, 'reorder')], ['a', 'b', 'c']],
  ['one delayed', [on(1, 'delay')], ['b', 'c']],
])('%s: %j arrive as %j', async (_, faults, expected) => {
  const { received, create } = await subscribed(faults);
  await create('a', 'b', 'c');
  expect(descriptions(received)).toEqual(expected);
});

test('a delayed event comes when its time has come', async () => {
  const { peer, received, create } = await subscribed([on(1, 'delay', { seconds: 600 })]);
  await create('a');
  await ask(peer, 'clock', { advanceSeconds: 601 });
  await ask(peer, 'webhooks', {});
  expect(descriptions(received)).toEqual(['a']);
});

test('a receiver that fails is asked again, with a new signature, for three days', async () => {
  const { peer, received, create } = await subscribed([], 500, 503);
  await create('a');
  expect(received).toHaveLength(1);
  await ask(peer, 'clock', { advanceSeconds: 300 });
  await ask(peer, 'webhooks', {});
  await ask(peer, 'clock', { advanceSeconds: 1800 });
  await ask(peer, 'webhooks', {});
  expect(descriptions(received)).toEqual(['a', 'a', 'a']);
  expect(new Set(received.map(({ signature }) => signature)).size).toBe(3);
  const { deliveries } = await truthOf(peer);
  expect(deliveries).toMatchObject([
    { state: 'delivered', attempts: [{ status: 500 }, { status: 503 }, { status: 200 }] },
  ]);
});

test('a thin event names its meter; its data is fetched, and tells samples of what was not counted', async () => {
  const { peer, stripe } = await testPeer({ settings: { validation: 'late' } });
  const { url, received } = await receiver();
  const destination = await stripe.v2.core.eventDestinations.create({
    name: 'errors',
    type: 'webhook_endpoint',
    event_payload: 'thin',
    enabled_events: ['v1.billing.meter.error_report_triggered'],
    webhook_endpoint: { url },
    include: ['webhook_endpoint.signing_secret'],
  });
  const meter = await secondsMeter(stripe);
  const payload = { stripe_customer_id: 'cus_nobody', value: '1' };
  await stripe.billing.meterEvents.create(usage('lost', '1', { payload }));
  await ask(peer, 'webhooks', {});
  const secret = destination.webhook_endpoint?.signing_secret ?? '';
  const note = stripe.parseEventNotification(received[0]?.body ?? '', received[0]?.signature ?? '', secret);
  expect(note).toMatchObject({ related_object: { id: meter.id, type: 'billing.meter' } });
  expect(JSON.parse(received[0]?.body ?? '')).not.toHaveProperty('data');
  const event = await note.fetchEvent();
  const sample = { request: { identifier: 'lost' } };
  expect(event).toMatchObject({
    data: {
      reason: { error_count: 1, error_types: [{ code: 'meter_event_customer_not_found', sample_errors: [sample] }] },
    },
  });
  expect(Stripe.API_VERSION).toBe('2026-10-28.endive');
});
