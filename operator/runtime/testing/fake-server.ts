/** An API server over real HTTP on 127.0.0.1, with a MemoryApi behind it and faults by script. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '../client/cluster.ts';
import type { KubeObject } from '../types.ts';
import { perform } from './answers.ts';
import { MemoryApi } from './memory-api.ts';
import { invalidOptions, Refusal } from './refusals.ts';
import { describeRequest, type Received, targetOf } from './requests.ts';
import { Watches, type WatchFault } from './watches.ts';

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
    | { readonly kind: 'stall' }
    /** Of a watch alone: it is opened, and its frames suffer. */
    | WatchFault;
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
  readonly #watches: Watches;
  readonly #sockets = new Set<Socket>();

  private constructor(api: MemoryApi) {
    this.api = api;
    this.#watches = new Watches(api);
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch((error: unknown) => refuse(response, error));
    });
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
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
    this.#watches.end();
  }

  /** Breaks every watch in the middle of a frame that announces `object`. */
  cutWatchesInside(collection: string, object: KubeObject): void {
    this.#watches.breakInside(collection, object);
  }

  /** Sends a raw line to the watches of a collection. */
  sendLine(collection: string, line: string): void {
    this.#watches.write(collection, line);
  }

  /** Watches hear nothing of changes until they are opened again. */
  holdEvents(held: boolean): void {
    this.#watches.hold(held);
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
    const target = targetOf(url.pathname);
    const received = describeRequest(request.method ?? 'GET', url, target);
    this.received.push(received);
    const text = await readBody(request);
    const act = this.#faultOf(received);
    if (act?.kind === 'stall') return;
    if (act?.kind === 'drop') {
      request.socket.destroy();
      return;
    }
    if (act?.kind === 'answer') throw scripted(act);
    if (this.unserved.has(target.collection)) {
      response.writeHead(404).end('404 page not found\n');
      return;
    }
    if (received.verb === 'watch') {
      if (!this.watchList && url.searchParams.has('sendInitialEvents')) throw unknownOption;
      this.#watches.open(target, url.searchParams, response, isWatchFault(act) ? act : undefined);
      return;
    }
    const contentType = request.headers['content-type'] ?? '';
    const { code, body } = perform(this.api, { received, target, text, contentType });
    if (act?.kind === 'late-answer') await sleep(act.millis);
    if (act?.kind === 'lose-answer') request.socket.destroy();
    else response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  #faultOf(received: Received): Fault['act'] | undefined {
    const fault = this.faults.find((one) => one.times > 0 && one.when(received));
    if (fault !== undefined) fault.times -= 1;
    return fault?.act;
  }
}

const watchFaults: ReadonlySet<string> = new Set(['lag', 'duplicate', 'cut', 'silence']);

function isWatchFault(act: Fault['act'] | undefined): act is WatchFault {
  return act !== undefined && watchFaults.has(act.kind);
}

function scripted({ reason, retryAfterSeconds, status }: Extract<Fault['act'], { kind: 'answer' }>): Refusal {
  return new Refusal(
    status,
    reason,
    `scripted ${status}`,
    retryAfterSeconds === undefined ? {} : { retryAfterSeconds },
  );
}

const unknownOption = invalidOptions('ListOptions', {
  reason: 'FieldValueForbidden',
  field: 'sendInitialEvents',
  message: 'Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled',
});

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

function refuse(response: ServerResponse, error: unknown): void {
  const refusal =
    error instanceof Refusal ? error : new Refusal(500, 'InternalError', error instanceof Error ? error.message : '');
  const { httpCode, status } = refusal;
  const seconds: unknown = Reflect.get(Object(status.details), 'retryAfterSeconds');
  if (seconds !== undefined) response.setHeader('retry-after', String(seconds));
  response.writeHead(httpCode, { 'content-type': 'application/json' }).end(JSON.stringify(status));
}
