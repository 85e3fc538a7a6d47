import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { webhookSink } from './webhook-sink.ts';

const key = Buffer.from('0123456789abcdef0123456789abcdef');
const row = {
  ...{ identifier: 'gm1_a', eventName: 'gpu_seconds__l4', customer: 'cus_acme' },
  ...{ timestamp: 1_767_228_000, quantity: 3600n },
};

interface Seen {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let url: string;
let seen: Seen[] = [];
let answer: { readonly status: number; readonly headers?: Record<string, string>; readonly words?: string } | 'cut';
beforeAll(async () => {
  server = createServer(async (request, response) => {
    seen.push({ headers: request.headers, body: await text(request) });
    if (answer === 'cut') request.socket.destroy();
    else response.writeHead(answer.status, answer.headers).end(answer.words);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/usage`;
});
afterAll(() => void server.close());

const sinkAt = (at: string) => webhookSink({ url: at, key, mode: 'test' }, { now: () => 1_767_229_000_999 });
const deliver = (at = url) => sinkAt(at).deliver(row, new AbortController().signal);

test('an event is one CloudEvent with a signature over id, time and body, and the same bytes each time', async () => {
  seen = [];
  answer = { status: 202 };
  expect([await deliver(), await deliver()]).toEqual([{ kind: 'accepted' }, { kind: 'accepted' }]);
  const [first, second] = seen;
  expect(JSON.parse(first?.body ?? '')).toEqual({
    ...{ specversion: '1.0', id: 'gm1_a', source: 'gpuoptimizer.io/usage', type: 'gpu_seconds__l4' },
    ...{ subject: 'cus_acme', time: '2026-01-01T00:40:00.000Z', datacontenttype: 'application/json' },
    data: { value: '3600', unit: 'GPU-seconds', mode: 'test' },
  });
  expect(second?.body).toBe(first?.body);
  const signature = createHmac('sha256', key).update(`gm1_a.1767229000.${first?.body}`).digest('base64');
  expect(first?.headers).toMatchObject({
    ...{ 'content-type': 'application/cloudevents+json', 'webhook-id': 'gm1_a', 'webhook-timestamp': '1767229000' },
    'webhook-signature': `v1,${signature}`,
  });
});

test.each([
  [{ status: 200 }, { kind: 'accepted' }],
  [{ status: 409 }, { kind: 'duplicate' }],
  [
    { status: 422, words: 'no such customer' },
    { kind: 'rejected', code: '422', message: '422 no such customer' },
  ],
  [{ status: 400 }, { kind: 'rejected', code: '400', message: '400' }],
  [{ status: 401 }, { kind: 'refused', reason: 'auth', message: '401' }],
  [{ status: 404 }, { kind: 'refused', reason: 'permission', message: '404' }],
  [
    { status: 301, headers: { location: 'http://elsewhere.example/' } },
    { kind: 'unknown', reason: '301' },
  ],
  [
    { status: 429, headers: { 'retry-after': '7' } },
    { kind: 'unknown', reason: '429', retryAfterMillis: 7000 },
  ],
  [
    { status: 503, headers: { 'retry-after': '86400' } },
    { kind: 'unknown', reason: '503', retryAfterMillis: 300_000 },
  ],
  [
    { status: 500, words: 'x'.repeat(5000) },
    { kind: 'unknown', reason: `500 ${'x'.repeat(300)}` },
  ],
  ['cut', { kind: 'unknown', reason: expect.stringMatching(/closed|reset/) }],
] as const)('%j is %j', async (given, expected) => {
  answer = given;
  expect(await deliver()).toEqual(expected);
});

test('nobody there, and one who gives up waiting, leave it unknown', async () => {
  expect(await deliver('http://127.0.0.1:1/usage')).toMatchObject({ kind: 'unknown' });
  expect(await sinkAt(url).deliver(row, AbortSignal.abort())).toMatchObject({ kind: 'unknown' });
});
