/** The HTTPS server that the API server calls. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Clock, Logger } from '../../observability/index.ts';
import type { Reader } from '../types.ts';
import { type KeyPair, readKeyPair, watchKeyPair } from './certificates.ts';
import type { WebhookMetrics } from './metrics.ts';
import { BadReview, type Webhook } from './webhook.ts';

/** What is served where. */
export interface WebhookServerOptions {
  /** 0 chooses a free port. */
  readonly port: number;
  /** Default: all addresses. */
  readonly host?: string;
  /** Folder with `tls.crt` and `tls.key`; read again when they change. */
  readonly certificates: string;
  readonly hooks: readonly Webhook[];
  /** How long requests are taken after `drain`, in milliseconds; default 5,000. */
  readonly drainMillis?: number;
}

/** What the server works with. */
export interface WebhookServerParts {
  readonly reader: Reader;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: WebhookMetrics;
}

/** The address of the webhooks cannot be listened at; the cause is the system's error. */
export class WebhookAddressError extends Error {
  override readonly name = 'WebhookAddressError';
  readonly code = 'WebhookAddressError';
}

/** A review holds the object twice, each at most 3 MiB, and 1 MiB of the rest: the limit of controller-runtime. */
const admissionBytes = 7 * 1024 ** 2;
/** A conversion holds every object of a list that is in another version. */
const conversionBytes = 64 * 1024 ** 2;
/** The longest that the API server waits for a webhook, whatever its configuration says. */
const answerMillis = 30_000;
/** The API server closes idle connections after 90 s. It must be the first to close, or a request meets a closed one. */
const idleMillis = 120_000;
/** Endpoints of a Service follow the end of a pod within seconds; until then requests still come here. */
const defaultDrainMillis = 5_000;
/** What is under way at the end is given this long. */
const finishMillis = 1_000;

/** Reads the certificate and listens. Rejects with `CertificateError` or `WebhookAddressError`. */
export async function serveWebhooks(options: WebhookServerOptions, parts: WebhookServerParts): Promise<WebhookServer> {
  const pair = await readKeyPair(options.certificates);
  parts.metrics.certificateReads.inc();
  const server = new WebhookServer(options, parts, pair);
  await server.listen();
  return server;
}

/** A running server. */
export class WebhookServer {
  readonly #options: WebhookServerOptions;
  readonly #parts: WebhookServerParts;
  readonly #server: Server;
  readonly #paths: ReadonlyMap<string, Webhook>;
  readonly #end = new AbortController();
  #pair: KeyPair;
  #watching: Promise<void> = Promise.resolve();
  #drainedAt: number | undefined;

  constructor(options: WebhookServerOptions, parts: WebhookServerParts, pair: KeyPair) {
    this.#options = options;
    this.#parts = parts;
    this.#pair = pair;
    this.#paths = new Map(options.hooks.map((hook) => [hook.path, hook]));
    for (const hook of options.hooks) parts.metrics.introduce(hook);
    const { cert, key } = pair;
    this.#server = createServer({ cert, key, minVersion: 'TLSv1.2', requestTimeout: 10_000, headersTimeout: 10_000 });
    this.#server.keepAliveTimeout = idleMillis;
    this.#server.on('request', (request, response) => void this.#serve(request, response));
  }

  /** Where it listens. */
  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Listens, and follows the certificate. */
  async listen(): Promise<void> {
    const { certificates: folder, host, port } = this.#options;
    const { clock, log } = this.#parts;
    await new Promise<void>((resolve, reject) => {
      const refuse = (cause: Error): void => reject(new WebhookAddressError(`webhooks: ${cause.message}`, { cause }));
      this.#server.once('error', refuse);
      this.#server.listen(port, host, resolve);
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', (error) => log.error({ err: error }, 'the webhook server failed'));
    const changed = (pair: KeyPair): void => {
      this.#pair = pair;
      this.#server.setSecureContext({ cert: pair.cert, key: pair.key, minVersion: 'TLSv1.2' });
      log.info({ folder, expires: new Date(pair.expires).toISOString() }, 'webhooks have a new certificate');
    };
    const read = (failure?: unknown): void => this.#certificateRead(failure);
    this.#watching = watchKeyPair({ folder, clock, first: this.#pair, changed, read }, this.#end.signal);
  }

  /** What keeps webhooks from being answered; undefined when nothing does. */
  problem(): string | undefined {
    if (!this.#server.listening) return 'not listening';
    const { expires } = this.#pair;
    if (expires > this.#parts.clock.now()) return undefined;
    const { certificates } = this.#options;
    return `the certificate in ${certificates} expired at ${new Date(expires).toISOString()}; renew it`;
  }

  /** Says that this process is about to end: connections are closed after each answer, and new ones still taken. */
  drain(): void {
    this.#drainedAt ??= this.#parts.clock.monotonic();
  }

  /** Ends it: at once, or after `drain` when the time to drain is over. Never rejects. */
  async close(): Promise<void> {
    const { clock } = this.#parts;
    const { drainMillis = defaultDrainMillis } = this.#options;
    if (this.#drainedAt !== undefined)
      await clock.sleep(Math.max(0, this.#drainedAt + drainMillis - clock.monotonic()));
    this.drain();
    this.#end.abort();
    await this.#watching;
    const patience = new AbortController();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
      clock.sleep(finishMillis, patience.signal).then(
        () => this.#server.closeAllConnections(),
        () => undefined,
      );
    });
    patience.abort();
  }

  #certificateRead(failure: unknown): void {
    const { log, metrics } = this.#parts;
    metrics.certificateReads.inc();
    if (failure === undefined) return;
    metrics.certificateErrors.inc();
    log.warn({ err: failure }, 'the certificate of webhooks cannot be read; the one in use stays');
  }

  /** Answers one request and measures it. Never rejects. */
  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { clock, metrics } = this.#parts;
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const hook = this.#paths.get(path);
    if (this.#drainedAt !== undefined) response.setHeader('connection', 'close');
    if (hook === undefined) {
      request.resume();
      response.writeHead(404).end(`no webhook at ${path}\n`);
      return;
    }
    const begun = clock.monotonic();
    metrics.inFlight.inc({ webhook: path });
    const { code, body } = await this.#answer(hook, request);
    const type = typeof body === 'string' ? 'text/plain' : 'application/json';
    response
      .writeHead(code, { 'content-type': type })
      .end(typeof body === 'string' ? `${body}\n` : JSON.stringify(body));
    metrics.inFlight.dec({ webhook: path });
    metrics.requests.inc({ webhook: path, code: String(code) });
    metrics.latency.observe({ webhook: path }, (clock.monotonic() - begun) / 1000);
  }

  async #answer(
    hook: Webhook,
    request: IncomingMessage,
  ): Promise<{ readonly code: number; readonly body: string | object }> {
    const { log, metrics, reader } = this.#parts;
    const limit = hook.type === 'admission' ? admissionBytes : conversionBytes;
    try {
      if (request.method !== 'POST')
        return { code: 405, body: `${request.method} is not answered here; POST a review` };
      const text = await textOf(request, limit);
      if (text === undefined) return { code: 413, body: `a request here has at most ${limit} bytes` };
      const { failure, panicked, review } = await this.#inTime(hook.answer(parsed(text), reader));
      if (failure === undefined) return { code: 200, body: review };
      if (panicked) metrics.panics[hook.type].inc();
      log.error({ webhook: hook.path, err: failure }, 'a webhook failed');
      // A conversion that failed is an answer of its own; an admission that failed must not look like a verdict.
      return { code: hook.type === 'conversion' ? 200 : 500, body: review };
    } catch (error) {
      const code = error instanceof BadReview ? 400 : 500;
      log.warn({ webhook: hook.path, err: error }, 'a request to a webhook was not answered');
      return { code, body: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Nobody waits longer for the answer; what goes on after that is not counted as in flight. */
  async #inTime<T>(work: Promise<T>): Promise<T> {
    const over = new AbortController();
    const late = this.#parts.clock.sleep(answerMillis, over.signal).then(() => {
      throw new Error(`no answer within ${answerMillis / 1000} s`);
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      over.abort();
    }
  }
}

/** The body; undefined when it is longer than the limit. */
async function textOf(request: IncomingMessage, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    // The rest is read and dropped: a client that is still writing would not see the answer.
    if (length <= limit) chunks.push(chunk);
  }
  return length > limit ? undefined : Buffer.concat(chunks).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new BadReview('the request is not JSON', { cause });
  }
}
