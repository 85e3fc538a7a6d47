/**
 * A peer that plays a billing system of one's own: takes CloudEvents 1.0 signed by Standard Webhooks, counts each id once,
 * and misbehaves as it is told.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What happens to one request: nothing of the kind, taken without an answer, an answer without being taken. */
export type Fault = 'none' | 'lost-answer' | 'busy' | 'unavailable';

/** What was counted, each id once. */
export interface Counted {
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  /** GPU-seconds. */
  readonly value: bigint;
}

/** A receiver that listens. */
export interface UsageReceiver {
  readonly url: string;
  readonly counted: () => readonly Counted[];
  /** Requests that were refused for what they are, in words; there must be none. */
  readonly refused: () => readonly string[];
  /** How often an id came that had been counted. */
  readonly repeats: () => number;
  /** Faults of the next requests, in order; afterwards there are none. */
  readonly fail: (faults: readonly Fault[]) => void;
  close(): Promise<void>;
}

/** Standard Webhooks: a signature older than this is a replay. */
const toleranceSeconds = 300;

/** Listens on a free port of this machine; `key` is the signing key, `whsec_` and base64. */
export async function startUsageReceiver(key: string): Promise<UsageReceiver> {
  const known = new Map<string, Counted>();
  const refused: string[] = [];
  let faults: readonly Fault[] = [];
  let repeats = 0;
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const [fault = 'none', ...rest] = faults;
    faults = rest;
    if (fault === 'busy') return void response.writeHead(429, { 'retry-after': '1' }).end();
    if (fault === 'unavailable') return void response.writeHead(503).end('be right back');
    const event = signatureIsWrong(request.headers, body, key) ?? read(request.headers, body);
    if (typeof event === 'string') {
      refused.push(event);
      return void response.writeHead(event.startsWith('signature') ? 401 : 400).end(event);
    }
    const isKnown = known.has(event.id);
    if (isKnown) repeats += 1;
    known.set(event.id, known.get(event.id) ?? event);
    if (fault === 'lost-answer') return void request.socket.destroy();
    response.writeHead(isKnown ? 409 : 202).end();
  };
  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/events`,
    counted: () => [...known.values()],
    refused: () => refused,
    repeats: () => repeats,
    fail: (next) => {
      faults = next;
    },
    close: () => new Promise((closed) => void server.close(() => closed()).closeAllConnections()),
  };
}

function signatureIsWrong(headers: IncomingHttpHeaders, body: string, key: string): string | undefined {
  const [id, timestamp, signature] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) =>
    String(headers[name] ?? ''),
  );
  const age = Math.abs(Date.now() / 1000 - Number(timestamp));
  if (!(age <= toleranceSeconds)) return `signature of ${timestamp}`;
  const hmac = createHmac('sha256', Buffer.from(key.replace(/^whsec_/, ''), 'base64'));
  const expected = Buffer.from(`v1,${hmac.update(`${id}.${timestamp}.${body}`).digest('base64')}`);
  const given = Buffer.from(signature ?? '');
  return given.length === expected.length && timingSafeEqual(given, expected) ? undefined : 'signature is another';
}

function read(headers: IncomingHttpHeaders, body: string): Counted | string {
  if (headers['content-type'] !== 'application/cloudevents+json') return `content-type ${headers['content-type']}`;
  const event: unknown = JSON.parse(body);
  const of = (name: string): string => String(Reflect.get(Object(event), name) ?? '');
  const data = Object(Reflect.get(Object(event), 'data'));
  if (of('specversion') !== '1.0') return `specversion ${of('specversion')}`;
  if (of('id') !== headers['webhook-id']) return 'id and webhook-id are not the same';
  if (of('source') === '' || of('type') === '' || of('subject') === '') return 'source, type or subject is missing';
  if (Number.isNaN(Date.parse(of('time')))) return `time ${of('time')}`;
  if (!/^-?[0-9]+$/.test(String(data.value))) return `value ${data.value}`;
  return { id: of('id'), type: of('type'), subject: of('subject'), value: BigInt(data.value) };
}
