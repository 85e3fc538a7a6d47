import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { startUsageReceiver, type UsageReceiver } from './receiver.ts';

const bytes = Buffer.alloc(32, 7);
let receiver: UsageReceiver;
beforeAll(async () => {
  receiver = await startUsageReceiver(`whsec_${bytes.toString('base64')}`);
});
afterAll(() => receiver.close());

const event = { specversion: '1.0', id: 'a', source: 's', type: 't', subject: 'c', time: '2026-01-01T00:00:00Z' };

async function post(change: object, { ago = 0, key = bytes } = {}): Promise<number> {
  const body = JSON.stringify({ ...event, data: { value: '7' }, ...change });
  const timestamp = String(Math.floor(Date.now() / 1000) - ago);
  const id = String(Reflect.get(change, 'id') ?? event.id);
  const signature = `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  const headers = { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
  const type = { 'content-type': 'application/cloudevents+json' };
  return (await fetch(receiver.url, { method: 'POST', body, headers: { ...headers, ...type } })).status;
}

test('counts an id once, whatever becomes of the answers', async () => {
  receiver.fail(['busy', 'unavailable', 'lost-answer']);
  expect([await post({}), await post({})]).toEqual([429, 503]);
  await expect(post({})).rejects.toThrow();
  expect([await post({}), await post({ id: 'b', data: { value: '-2' } })]).toEqual([409, 202]);
  expect(receiver.counted().map(({ id, value }) => [id, value])).toEqual([
    ['a', 7n],
    ['b', -2n],
  ]);
  expect([receiver.repeats(), receiver.refused()]).toEqual([1, []]);
});

test.each([
  ['an old signature', {}, { ago: 301 }, 401],
  ['another key', {}, { key: Buffer.alloc(32, 8) }, 401],
  ['a fraction', { data: { value: '1.5' } }, {}, 400],
  ['another version', { specversion: '0.3' }, {}, 400],
  ['nobody', { subject: '' }, {}, 400],
])('refuses %s', async (_, change, options, status) => {
  expect(await post(change, options)).toBe(status);
});
