import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';

import { meterEventStream } from './meter-event-stream.ts';

interface Answer {
  readonly status: number;
  readonly error?: { readonly type?: string; readonly code?: string };
}

let server: Server;
let session: Answer;
let stream: Answer;
let sessions: number;
beforeEach(async () => {
  [session, stream, sessions] = [{ status: 200 }, { status: 200 }, 0];
  server = createServer((request, response) => {
    const isSession = request.url === '/v2/billing/meter_event_session';
    if (isSession) sessions += 1;
    const { status, error } = isSession ? session : stream;
    const opened = {
      authentication_token: `token_${sessions}`,
      created: '2026-01-01T00:00:00.000Z',
      expires_at: '2026-01-01T00:15:00.000Z',
    };
    response.writeHead(status, { 'content-type': 'application/json', 'stripe-should-retry': 'false' });
    response.end(JSON.stringify(error === undefined ? opened : { error: { message: 'm', ...error } }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

/** Two calls, and how many sessions they took. */
async function twoCalls(): Promise<readonly unknown[]> {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const endpoint = `http://127.0.0.1:${address.port}`;
  const { deliver } = meterEventStream({ key: 'sk_test_peer', endpoint }, { monotonic: () => 0 });
  const row = { identifier: 'a', eventName: 'm', customer: 'cus_1', timestamp: 1_767_225_600, quantity: 1n };
  const first = await deliver([row], new AbortController().signal);
  await deliver([row], new AbortController().signal);
  return [first, sessions];
}

const invalid = 'invalid_request_error';
test.each<[string, Answer, object, number]>([
  ['taken', { status: 200 }, { kind: 'accepted' }, 1],
  ['what a row says', { status: 400, error: { code: 'invalid_fields' } }, { kind: 'rejected' }, 1],
  ['a repetition', { status: 400, error: { type: invalid, code: 'duplicate_meter_event' } }, { kind: 'duplicate' }, 1],
  ['too many, v1', { status: 400, error: { type: invalid, code: 'rate_limit' } }, { kind: 'unknown' }, 1],
  ['too many, v2', { status: 429, error: { type: 'rate_limit' } }, { kind: 'unknown' }, 1],
  ['too much, v2', { status: 400, error: { type: 'quota_exceeded' } }, { kind: 'unknown' }, 1],
  ['no such route: about no row', { status: 404, error: { type: invalid } }, { kind: 'unknown' }, 1],
  ['no right', { status: 403, error: { type: invalid } }, { kind: 'refused', reason: 'permission' }, 1],
  ['a session that is over', { status: 400, error: { type: 'temporary_session_expired' } }, { kind: 'unknown' }, 2],
  ['a token that is none', { status: 401, error: { type: invalid } }, { kind: 'unknown' }, 2],
  ['its own failure', { status: 500, error: { type: 'api_error' } }, { kind: 'unknown' }, 1],
])('the stream answers %s', async (_, answer, delivery, opened) => {
  stream = answer;
  expect(await twoCalls()).toEqual([expect.objectContaining(delivery), opened]);
});

test.each<[string, Answer, object]>([
  ['that the key is none', { status: 401, error: { type: invalid } }, { kind: 'refused', reason: 'auth' }],
  ['that the key may not', { status: 403, error: { type: invalid } }, { kind: 'refused', reason: 'permission' }],
  ['that there are no sessions: no row is to blame', { status: 404, error: { type: invalid } }, { kind: 'unknown' }],
  ['400: no row is to blame', { status: 400, error: { type: invalid } }, { kind: 'unknown' }],
  ['its own failure', { status: 500, error: { type: 'api_error' } }, { kind: 'unknown' }],
])('who asks for a session is told %s', async (_, answer, delivery) => {
  session = answer;
  expect(await twoCalls()).toEqual([expect.objectContaining(delivery), 2]);
});
