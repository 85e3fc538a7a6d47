import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import { type Control, control } from './control.ts';
import { type Fault, FaultPlan } from './faults.ts';
import { type Form, map, parseForm } from './form.ts';
import { Memory } from './memory.ts';
import { seedCustomer } from './objects.ts';
import { PeerClock } from './peer-clock.ts';
import { Refusal } from './refusal.ts';
import { match, routes } from './routes.ts';
import { defaultSettings, type PeerSettings } from './settings.ts';

/** How to start the peer. */
export interface PeerOptions {
  readonly host?: string;
  readonly port?: number;
  /** A file that keeps what was accepted over a restart. */
  readonly journal?: string;
  /** Customers that exist from the start. */
  readonly customers?: readonly string[];
  readonly settings?: Partial<PeerSettings>;
}

/** A running peer. */
export interface StripePeer {
  readonly url: string;
  close(): Promise<void>;
}

const daySeconds = 86_400;
const mostBody = 1 << 20;
const eventRoute = 'POST /v1/billing/meter_events';

/** Starts a server that plays Stripe's API for meters, with memory, refusing what Stripe refuses. */
export async function startStripePeer(options: PeerOptions = {}): Promise<StripePeer> {
  const peer = new Peer({ ...defaultSettings, ...options.settings }, new Memory(options.journal));
  for (const id of options.customers ?? []) seedCustomer(peer.control.memory, id, peer.control.clock.seconds());
  const server = createServer((request, response) => {
    peer
      .serve(request, response)
      .catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  await once(server, 'listening');
  return { url: urlOf(server, options.host ?? '127.0.0.1'), close: () => close(server) };
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the peer has no port');
  return `http://${host}:${address.port}`;
}

async function close(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

class Peer {
  readonly control: Control;
  readonly #settings: PeerSettings;
  readonly #inFlight = new Set<string>();
  #recent: readonly number[] = [];
  #requests = 0;

  constructor(settings: PeerSettings, memory: Memory) {
    this.#settings = settings;
    const clock = new PeerClock();
    clock.restore(memory.ahead);
    this.control = { memory, clock, faults: new FaultPlan(), key: { state: 'good' } };
  }

  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = request.method ?? 'GET';
    const url = new URL(request.url ?? '/', 'http://peer');
    const body = await readBody(request);
    if (url.pathname.startsWith('/_peer/')) {
      return send(
        response,
        refusable(() => ({ status: 200, body: control(method, url.pathname, jsonOf(body), this.control) })),
      );
    }
    const found = match(method, url.pathname);
    const fault = found === undefined ? undefined : this.control.faults.next(found.name);
    if (fault?.fault === 'drop-before-accept') return void response.destroy();
    const before = faultBefore(fault);
    if (before !== undefined) return send(response, before);
    const form = parseForm(method === 'GET' ? url.search.slice(1) : body);
    const answer = await this.#flying(found?.name, form, async () => {
      if (fault?.fault === 'slow') await delay(fault.delayMs ?? 2000);
      return refusable(() => this.#answer(request, found, form, body));
    });
    if (fault?.fault === 'accept-then-drop') return void response.destroy();
    if (fault?.fault === '500-after-accept') return send(response, this.#brokenFor(request));
    send(response, this.#numbered(answer));
  }

  /** Stripe keeps a 500 under its idempotency key too: only a new key learns what really happened. */
  #brokenFor(request: IncomingMessage): Answer {
    const kept = this.control.memory.replays.get(String(request.headers['idempotency-key']));
    if (kept !== undefined) this.control.memory.write({ kind: 'replay', value: { ...kept, ...broken() } });
    return broken();
  }

  /** One call a customer and meter at a time. */
  async #flying(route: string | undefined, form: Form, work: () => Promise<Answer>): Promise<Answer> {
    if (route !== eventRoute) return await work();
    const customer = map(form, 'payload').stripe_customer_id ?? '';
    const key = `${form.get('event_name') ?? ''} ${customer}`;
    if (this.#inFlight.has(key)) return limited(this.#settings.concurrencyStatus);
    this.#inFlight.add(key);
    try {
      return await work();
    } finally {
      this.#inFlight.delete(key);
    }
  }

  #answer(request: IncomingMessage, found: ReturnType<typeof match>, form: Form, body: string): Answer {
    this.#authorize(request);
    this.#pace();
    const route = found === undefined ? undefined : routes[found.name];
    if (found === undefined || route === undefined) {
      const at = `${request.method ?? ''}: ${request.url ?? ''}`;
      throw new Refusal(404, `Unrecognized request URL (${at}).`, { code: 'url_invalid' });
    }
    const { memory, clock } = this.control;
    const call = { memory, clock, settings: this.#settings, form, id: found.id };
    const key = request.headers['idempotency-key'];
    if (typeof key !== 'string' || request.method !== 'POST') return { status: 200, body: route(call) };
    return this.#replayed(key, `${found.name} ${found.id} ${body}`, () => route(call));
  }

  /** Answers kept for a day under their key; the same key with other parameters is refused. */
  #replayed(key: string, request: string, work: () => object): Answer {
    const { memory, clock } = this.control;
    const kept = memory.replays.get(key);
    if (kept !== undefined && clock.seconds() - kept.at < daySeconds) {
      if (kept.request !== request) {
        const message = `Keys for idempotent requests can only be used with the same parameters they were first used with.`;
        throw new Refusal(400, message, { type: 'idempotency_error' });
      }
      return { status: kept.status, body: kept.body, headers: { 'idempotent-replayed': 'true' } };
    }
    const answer = { status: 200, body: work() };
    memory.write({ kind: 'replay', value: { key, request, ...answer, at: clock.seconds() } });
    return answer;
  }

  #authorize(request: IncomingMessage): void {
    const key = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (key === undefined) throw new Refusal(401, 'You did not provide an API key.');
    if (key !== this.#settings.key || this.control.key.state === 'revoked') {
      throw new Refusal(401, `Invalid API Key provided: ${key.slice(0, 8)}****`);
    }
    if (this.control.key.state === 'restricted') {
      throw new Refusal(403, 'The provided key does not have the required permissions for this endpoint.');
    }
  }

  #pace(): void {
    const now = performance.now();
    this.#recent = this.#recent.filter((at) => now - at < 1000);
    if (this.#recent.length >= this.#settings.ratePerSecond) {
      throw new Refusal(429, 'Request rate limit exceeded.', { code: 'rate_limit' });
    }
    this.#recent = [...this.#recent, now];
  }

  #numbered(answer: Answer): Answer {
    this.#requests += 1;
    return { ...answer, headers: { ...answer.headers, 'request-id': `req_peer${this.#requests}` } };
  }
}

function faultBefore(fault: Fault | undefined): Answer | undefined {
  if (fault?.fault === '500-before-accept') return broken();
  if (fault?.fault === '409') return limited(409);
  return fault?.fault === '429' ? limited(429) : undefined;
}

function broken(): Answer {
  return { status: 500, body: { error: { type: 'api_error', message: 'An unknown error occurred.' } } };
}

function limited(status: 409 | 429): Answer {
  const code = status === 409 ? 'lock_timeout' : 'rate_limit';
  const message = 'Another request for this customer and meter is in progress, or too many requests were made.';
  return { status, body: { error: { type: 'invalid_request_error', code, message } } };
}

function refusable(work: () => Answer): Answer {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { status: error.status, body: error.body, headers: { 'stripe-should-retry': 'false' } };
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > mostBody) throw new Error(`a request of more than ${mostBody} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function jsonOf(body: string): unknown {
  if (body === '') return undefined;
  try {
    return JSON.parse(body);
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(400, `the body is not JSON: ${error.message}`);
    throw error;
  }
}
