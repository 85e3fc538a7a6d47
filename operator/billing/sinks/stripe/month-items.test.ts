import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, test } from 'vitest';

import { ItemFailed } from '../catalog.ts';
import { stripeInvoiceItems } from './month-items.ts';
import { connect } from './sdk.ts';

const item = {
  ...{ key: 'fee/acme/2026-01/usd/0', customer: 'cus_1', amount: 4900n, currency: 'usd', description: 'Plan fee' },
  period: { start: Date.UTC(2026, 0, 1), end: Date.UTC(2026, 1, 1) },
};

/** Makes an item against a server that gives one answer; returns its idempotency key and what was thrown. */
async function made(status: number, failures: number): Promise<{ readonly key: unknown; readonly error: unknown }> {
  let key: unknown;
  const server = createServer((request, response) => {
    key = request.headers['idempotency-key'];
    response.writeHead(status, { 'content-type': 'application/json', 'stripe-should-retry': 'false' });
    const body = { id: 'ii_1', amount: 4900, invoice: null };
    response.end(JSON.stringify(status === 200 ? body : { error: { type: 'api_error', message: 'no' } }));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  try {
    const stripe = connect({ key: 'sk_test_1', endpoint: `http://127.0.0.1:${address.port}` });
    const items = stripeInvoiceItems(stripe, async () => undefined);
    const error: unknown = await items.makeItem({ ...item, failures }).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    return { key, error };
  } finally {
    server.close();
  }
}

test('an answer of failure, which would be given again under the same key, changes the key of the next try', async () => {
  const first = await made(500, 0);
  expect(first.error).toBeInstanceOf(ItemFailed);
  const second = await made(200, 1);
  expect(second.error).toBeUndefined();
  expect(second.key).toBe(`${String(first.key)}-1`);
});

test.each([400, 409, 429])('an answer %i keeps the key', async (status) => {
  const { key, error } = await made(status, 0);
  expect(error).not.toBeInstanceOf(ItemFailed);
  expect((await made(200, 0)).key).toBe(key);
});
