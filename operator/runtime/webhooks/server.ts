/** The HTTPS server that the API server calls. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type KeyPair, readKeyPair, watchKeyPair } from './certificates.ts';
import { refusal, reply, type WebhookParts } from './reply.ts';
import type { Webhook } from './webhook.ts';

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

/**
 * The address of the webhooks cannot be listened at; the cause is the system's error.
 * @remedy choose a port that is free, and an address of this machine
 */
export class WebhookAddressError extends Error {
  override readonly name = 'WebhookAddressError';
  readonly code = 'WebhookAddressError';
}

/** The API server closes idle connections after 90 s. It must be the first to close, or a request meets a closed one. */
const idleMillis = 120_000;
/** Endpoints of a Service follow the end of a pod within seconds; until then requests still come here. */
const defaultDrainMillis = 5_000;
/** What is under way at the end is given this long. */
const finishMillis = 1_000;

/** Reads the certificate and listens. Rejects with `CertificateError` or `WebhookAddressError`. */
export async function serveWebhooks(options: WebhookServerOptions, parts: WebhookParts): Promise<WebhookServer> {
  const pair = await readKeyPair(options.certificates);
  parts.metrics.certificateReads.inc();
  const server = new WebhookServer(options, parts, pair);
  await server.listen();
  return server;
}

/** A running server. */
export class WebhookServer {
  readonly #options: WebhookServerOptions;
  readonly #parts: WebhookParts;
  readonly #server: Server;
  readonly #paths: ReadonlyMap<string, Webhook>;
  readonly #end = new AbortController();
  #pair: KeyPair;
  #watching: Promise<void> = Promise.resolve();
  #drainedAt: number | undefined;

  constructor(options: WebhookServerOptions, parts: WebhookParts, pair: KeyPair) {
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

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '/').split('?')[0] ?? '/';
    const hook = this.#paths.get(path);
    const unknown = refusal(404, `no webhook at ${path}`);
    const { code, text, type } = hook === undefined ? unknown : await reply(hook, request, this.#parts);
    // A caller that finds the connection closed opens the next one where the Service leads it then.
    if (this.#drainedAt !== undefined) response.setHeader('connection', 'close');
    response.writeHead(code, { 'content-type': type }).end(text);
  }
}
