/** An HTTPS proxy between an operator and the API server: it numbers writes, shapes watches, and lets faults happen. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { type ArmedWrite, Board } from './board.ts';
import { madeAnswers, statusBody } from './faults.ts';
import { formOf } from './frames.ts';
import { Journal, type Write } from './journal.ts';
import { type ApiRequest, isWrite, readRequest } from './request.ts';
import { openUpstream, type Upstream } from './upstream.ts';
import { type FrameRecord, WatchStream } from './watch-stream.ts';

/** What a proxy is made of. */
export interface ProxyOptions {
  /** Base URL of the API server, and the authority of its certificate in PEM. */
  readonly server: string;
  readonly ca: string;
  /** The proxy's own certificate and key in PEM. */
  readonly cert: string;
  readonly key: string;
  /** Kills the operator at once; it is started again by itself, or on request when it is to stay away. */
  readonly kill: (stay: 'away' | undefined) => void;
  /** Changes the object of a write as another writer would. */
  readonly touch: (request: ApiRequest) => Promise<void>;
}

/** A running proxy. */
export interface FaultProxy {
  readonly url: string;
  readonly journal: Journal;
  readonly board: Board;
  /** Frames about plans, in the order in which they came, first lists excluded. */
  readonly frames: readonly FrameRecord[];
  /** Cuts every open watch; they are refused until `allowWatches`. */
  refuseWatches(): void;
  allowWatches(): void;
  close(): Promise<void>;
}

/** Starts a proxy on a free port of the loopback address. */
export async function startProxy(options: ProxyOptions): Promise<FaultProxy> {
  const proxy = new RunningProxy(options);
  await proxy.listen();
  return proxy;
}

class RunningProxy implements FaultProxy {
  readonly journal = new Journal(Date.now);
  readonly board = new Board();
  readonly frames: FrameRecord[] = [];
  readonly #options: ProxyOptions;
  readonly #upstream: Upstream;
  readonly #sockets = new Set<Socket>();
  readonly #watches = new Set<ServerResponse>();
  readonly #server;

  constructor(options: ProxyOptions) {
    this.#options = options;
    this.#upstream = openUpstream(options.server, options.ca);
    this.#server = createServer({ key: options.key, cert: options.cert, keepAlive: true }, (request, response) => {
      // Whatever breaks on the way looks like a broken connection to the operator, as it would without a proxy.
      this.#serve(request, response).catch(() => response.destroy());
    });
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    // Clients that are killed in a handshake are the purpose of this program.
    this.#server.on('tlsClientError', () => undefined);
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  get url(): string {
    const address = this.#server.address();
    if (!isAddress(address)) throw new Error('the proxy does not listen');
    return `https://127.0.0.1:${address.port}`;
  }

  refuseWatches(): void {
    this.board.watchesRefused = true;
    for (const response of this.#watches) response.destroy();
  }

  allowWatches(): void {
    this.board.watchesRefused = false;
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await this.#upstream.close();
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const request = readRequest(method, url, headers, body);
    if (isWrite(request)) return await this.#write(request, incoming, body, response);
    if (request.verb === 'watch' && this.board.watchesRefused) {
      response.destroy();
      return;
    }
    const answer = await this.#upstream.send(method, url, headers, body);
    response.writeHead(answer.statusCode, passedBack(answer));
    if (request.verb === 'watch' && answer.statusCode === 200) return await this.#watch(request, answer, response);
    response.end(Buffer.from(await answer.body.arrayBuffer()));
  }

  async #watch(request: ApiRequest, answer: Dispatcher.ResponseData, response: ServerResponse): Promise<void> {
    response.flushHeaders();
    this.#watches.add(response);
    response.once('close', () => {
      this.#watches.delete(response);
      answer.body.destroy();
    });
    const initial = request.url.includes('sendInitialEvents=true');
    const record = (frame: FrameRecord): void => void this.frames.push(frame);
    const form = formOf(answer.headers['content-type']);
    const stream = new WatchStream({ resource: request.resource, initial, form, board: this.board, record }, response);
    await stream.carry(answer.body);
  }

  async #write(request: ApiRequest, incoming: IncomingMessage, body: string, response: ServerResponse): Promise<void> {
    const write = this.journal.note(request);
    const armed = this.board.forWrite(write);
    await armed?.before?.();
    const fault = armed?.fault;
    if (fault === 'kill-before') return this.#options.kill(undefined);
    if (fault === 'hang') return;
    if (fault === 'race') await this.#options.touch(request);
    const made = fault === undefined ? undefined : madeAnswers[fault];
    if (made !== undefined && fault !== 'timeout-after') {
      write.status = made.status;
      response.writeHead(made.status, { 'content-type': 'application/json', ...made.headers });
      response.end(statusBody(made));
      return;
    }
    await this.#forward(write, armed, incoming, body, response);
  }

  async #forward(
    write: Write,
    armed: ArmedWrite | undefined,
    incoming: IncomingMessage,
    body: string,
    response: ServerResponse,
  ): Promise<void> {
    const { method = '', url = '/', headers } = incoming;
    const answer = await this.#upstream.send(method, url, headers, body);
    const content = await answer.body.text();
    write.status = answer.statusCode;
    if (armed?.fault === 'away') return this.#options.kill('away');
    if (armed?.fault === 'kill-after') return this.#options.kill(undefined);
    if (armed?.fault === 'reset-after') {
      response.destroy();
      return;
    }
    const made = armed?.fault === 'timeout-after' ? madeAnswers['timeout-after'] : undefined;
    const status = made?.status ?? answer.statusCode;
    response.writeHead(status, made === undefined ? passedBack(answer) : { 'content-type': 'application/json' });
    response.end(made === undefined ? content : statusBody(made));
  }
}

async function text(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
}

function passedBack({ headers }: Dispatcher.ResponseData): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['content-type', 'retry-after']) {
    const value = headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}

function isAddress(address: string | AddressInfo | null): address is AddressInfo {
  return typeof address === 'object' && address !== null;
}
