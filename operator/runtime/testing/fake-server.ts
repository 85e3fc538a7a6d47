/** An API server over real HTTP on 127.0.0.1, with a MemoryApi behind it and faults by script. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../client/cluster.ts';
import { ApiError, apiError } from '../client/errors.ts';
import type { Key, KubeObject, PatchBody } from '../types.ts';
import { type Change, MemoryApi, type Stored } from './memory-api.ts';

/** A request that was received. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly collection: string;
  /** What it is for. */
  readonly verb: 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';
}

/** What goes wrong with matching requests, so many times. */
export interface Fault {
  readonly when: (request: Received) => boolean;
  times: number;
  readonly act:
    | { readonly kind: 'answer'; readonly status: number; readonly reason: string; readonly retryAfterSeconds?: number }
    /** The connection breaks before anything is done. */
    | { readonly kind: 'drop' }
    /** It is done, and then the connection breaks. */
    | { readonly kind: 'lose-answer' }
    /** It is done at once and answered late. */
    | { readonly kind: 'late-answer'; readonly millis: number }
    /** Nothing ever comes. */
    | { readonly kind: 'stall' };
}

interface Watching {
  readonly collection: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly response: ServerResponse;
}

/** Start with `FakeServer.start()`, end with `close()`. */
export class FakeServer {
  readonly api: MemoryApi;
  /** Every request, in order. */
  readonly received: Received[] = [];
  readonly faults: Fault[] = [];
  /** Collections that are not served (404), as before their CRD is there. */
  readonly unserved = new Set<string>();
  /** Whether sendInitialEvents is understood; else such a watch is refused with 422. */
  watchList = true;
  readonly #server: Server;
  readonly #watching = new Set<Watching>();
  readonly #sockets = new Set<Socket>();
  #held = false;

  private constructor(api: MemoryApi) {
    this.api = api;
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => refuse(response, error));
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    api.subscribe((change) => {
      if (!this.#held) this.#send(change);
    });
  }

  static async start(api: MemoryApi = new MemoryApi()): Promise<FakeServer> {
    const fake = new FakeServer(api);
    await fake.listen(0);
    return fake;
  }

  /** Listens again after `stop`, on the same port unless told otherwise. */
  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
  }

  get port(): number {
    const address: AddressInfo | string | null = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** How to reach it, without credentials. */
  get cluster(): Cluster {
    return {
      server: `http://127.0.0.1:${this.port}`,
      namespace: 'default',
      credentials: async () => ({ headers: {}, tls: {} }),
    };
  }

  /** Requests of one verb on one collection. */
  count(verb: Received['verb'], collection: string): number {
    return this.received.filter((request) => request.verb === verb && request.collection === collection).length;
  }

  /** Full lists of a collection: pages count once, and so do watches that ask for initial events. */
  lists(collection: string): number {
    return this.received.filter(
      (r) =>
        r.collection === collection &&
        ((r.verb === 'list' && r.query.get('continue') === null) ||
          (r.verb === 'watch' && r.query.get('sendInitialEvents') !== null)),
    ).length;
  }

  /** Ends every watch as the server does at its time limit. */
  endWatches(): void {
    for (const watching of this.#watching) watching.response.end();
  }

  /** Breaks every watch in the middle of a frame that announces `object`. */
  cutWatchesInside(collection: string, object: KubeObject): void {
    const line = JSON.stringify({ type: 'MODIFIED', object });
    for (const { response, collection: watched } of this.#watching) {
      if (watched !== collection) continue;
      response.write(line.slice(0, line.length / 2), () => response.destroy());
    }
  }

  /** Sends a raw line to the watches of a collection. */
  sendLine(collection: string, line: string): void {
    for (const watching of this.#watching) if (watching.collection === collection) watching.response.write(`${line}\n`);
  }

  /** Watches hear nothing of changes until they are opened again. */
  holdEvents(held: boolean): void {
    this.#held = held;
  }

  /** Stops like a killed process: all connections break, the memory stays. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async close(): Promise<void> {
    if (this.#server.listening) await this.stop();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://fake');
    const target = parsePath(url.pathname);
    const received = describe(request.method ?? 'GET', url, target);
    this.received.push(received);
    const text = await readBody(request);
    const fault = this.faults.find((one) => one.times > 0 && one.when(received));
    if (fault !== undefined) {
      fault.times -= 1;
      if (fault.act.kind === 'stall') return;
      if (fault.act.kind === 'drop') {
        request.socket.destroy();
        return;
      }
      if (fault.act.kind === 'answer') {
        const { status, reason, retryAfterSeconds } = fault.act;
        if (retryAfterSeconds !== undefined) response.setHeader('retry-after', String(retryAfterSeconds));
        throw apiError({ status, reason, url: url.pathname, message: `scripted ${status}` });
      }
    }
    if (this.unserved.has(target.collection)) {
      response.writeHead(404).end('404 page not found\n');
      return;
    }
    if (received.verb === 'watch') {
      this.#watch(target, url.searchParams, response);
      return;
    }
    const answer = this.#perform(received, target, text, request.headers['content-type'] ?? '');
    if (fault?.act.kind === 'late-answer') await sleep(fault.act.millis);
    if (fault?.act.kind === 'lose-answer') request.socket.destroy();
    else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  }

  #perform(received: Received, target: Target, text: string, contentType: string): unknown {
    const { api } = this;
    const { collection, key, subresource } = target;
    if (received.verb === 'list') return this.#list(target, received.query);
    if (subresource === 'eviction') return api.remove('pods', key);
    const body: KubeObject = text === '' ? { metadata: {} } : JSON.parse(text);
    const manager = received.query.get('fieldManager') ?? 'unknown';
    switch (received.verb) {
      case 'create':
        return api.create(collection, { ...body, metadata: { ...body.metadata, namespace: key.namespace } }, manager);
      case 'update':
        return api.update(collection, body, subresource);
      case 'delete':
        return api.remove(collection, key, Reflect.get(body, 'preconditions') ?? {});
      case 'patch':
        if (contentType.startsWith('application/apply-patch'))
          return api.apply(collection, key, body, manager, subresource);
        return api.patch(collection, key, { type: patchType(contentType), body, subresource });
      default:
        return api.get(collection, key);
    }
  }

  #list({ collection, key }: Target, query: URLSearchParams): unknown {
    const all = [...this.api.list(collection, key.namespace)].sort((a, b) => (id(a) < id(b) ? -1 : 1));
    const start = Number(query.get('continue') ?? 0);
    const limit = Number(query.get('limit') ?? all.length);
    const items = all.slice(start, start + limit);
    const next = start + limit < all.length ? String(start + limit) : '';
    const metadata = { resourceVersion: String(this.api.version), continue: next };
    return { kind: 'List', apiVersion: 'v1', metadata, items };
  }

  #watch({ collection, key }: Target, query: URLSearchParams, response: ServerResponse): void {
    const initial = query.get('sendInitialEvents') === 'true';
    const path = `watch ${collection}`;
    if (initial && !this.watchList) {
      throw apiError({ status: 422, reason: 'Invalid', url: path, message: 'sendInitialEvents is forbidden' });
    }
    const version = Number(query.get('resourceVersion') ?? this.api.version);
    if (!initial && version < this.api.compacted) {
      throw apiError({ status: 410, reason: 'Expired', url: path, message: `too old resource version: ${version}` });
    }
    const name = query.get('fieldSelector')?.replace('metadata.name=', '');
    const watching = { collection, namespace: key.namespace, name, response };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    response.on('close', () => this.#watching.delete(watching));
    this.#watching.add(watching);
    if (initial) this.#sendInitial(watching);
    else for (const change of this.api.since(version)) sendTo(watching, change);
  }

  #sendInitial(watching: Watching): void {
    for (const object of this.api.list(watching.collection, watching.namespace)) {
      sendTo(watching, { version: 0, collection: watching.collection, type: 'ADDED', object });
    }
    const metadata = {
      resourceVersion: String(this.api.version),
      annotations: { 'k8s.io/initial-events-end': 'true' },
    };
    watching.response.write(`${JSON.stringify({ type: 'BOOKMARK', object: { metadata } })}\n`);
  }

  #send(change: Change): void {
    for (const watching of this.#watching) sendTo(watching, change);
  }
}

function sendTo({ collection, name, namespace, response }: Watching, { type, object, collection: of }: Change): void {
  if (of !== collection || (namespace !== undefined && object.metadata.namespace !== namespace)) return;
  if (name !== undefined && object.metadata.name !== name) return;
  response.write(`${JSON.stringify({ type, object })}\n`);
}

interface Target {
  readonly collection: string;
  readonly key: Key;
  readonly subresource: string | undefined;
}

function parsePath(path: string): Target {
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decodeURIComponent);
  const group = parts[0] === 'apis' ? (parts[1] ?? '') : '';
  const rest = parts.slice(parts[0] === 'apis' ? 3 : 2);
  const namespaced = rest[0] === 'namespaces' && rest.length > 2;
  const namespace = namespaced ? rest[1] : undefined;
  const [plural = '', name = '', subresource] = namespaced ? rest.slice(2) : rest;
  return { collection: group === '' ? plural : `${plural}.${group}`, key: { namespace, name }, subresource };
}

function describe(method: string, url: URL, { collection, key }: Target): Received {
  const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const;
  const read = key.name !== '' ? 'get' : url.searchParams.get('watch') === 'true' ? 'watch' : 'list';
  const verb =
    method === 'POST' || method === 'PUT' || method === 'PATCH' || method === 'DELETE' ? verbs[method] : read;
  return { method, path: url.pathname, query: url.searchParams, collection, verb };
}

function patchType(contentType: string): PatchBody['type'] {
  if (contentType.startsWith('application/json-patch')) return 'json';
  return contentType.startsWith('application/strategic') ? 'strategic' : 'merge';
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response: ServerResponse, error: unknown): void {
  const known = error instanceof ApiError;
  const code = known ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  const reason = known ? error.reason : 'InternalError';
  const body = { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message };
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function id({ metadata }: Stored): string {
  return `${metadata.namespace ?? ''}/${metadata.name}`;
}
