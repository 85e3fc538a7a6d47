/** HTTP to one API server: three agents, time limits, credentials that rotate, typed errors. No retries here. */
import { Agent, type Dispatcher, errors, request } from 'undici';
import { type Clock, traced, traceHeaders } from '../../observability/index.ts';
import { requestName } from '../kinds.ts';
import { statusJson } from '../protobuf/status.ts';
import { AnswerMalformed } from './answer-errors.ts';
import type { Cluster, Credentials } from './cluster.ts';
import { type ApiError, ConnectionLost, errorFromBody, Timeout, Unauthorized } from './errors.ts';
import { isProtobuf } from './media-types.ts';
import { sentInTime, TooLateToSend } from './send-deadline.ts';

/** Which connections a request uses, so that a flood of one kind never starves the lease. */
export type Lane = 'requests' | 'watches' | 'lease';

/** One request. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  /** Default: JSON. */
  readonly accept?: string;
  readonly timeoutMillis: number;
  readonly signal?: AbortSignal;
  readonly lane?: Lane;
}

/** An answer that is read while it arrives. */
export interface Streamed {
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Counts requests as client-go does. */
export interface RequestCounter {
  requested(method: string, host: string, code: string, seconds: number): void;
}

/** Who wrote, in audit logs: what has no field manager, such as a delete, has nothing else. */
const userAgent = 'gpuopt';
const refreshMillis = 60_000;
/** A renewal that failed is tried again after this, and one that hangs is given up after `renewalMillis`. */
const renewalPauseMillis = 5_000;
const renewalMillis = 30_000;
const lanes: readonly Lane[] = ['requests', 'watches', 'lease'];

interface Session {
  readonly headers: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly agents: Readonly<Record<Lane, Agent>>;
  readonly readAt: number;
}

/** One a cluster and process. Close it at the end. */
export class Transport {
  readonly #cluster: Cluster;
  readonly #clock: Clock;
  readonly #counter: RequestCounter;
  readonly #host: string;
  #session: Session | undefined;
  #refreshing: { readonly session: Promise<Session>; readonly refused: boolean } | undefined;
  #renewedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(cluster: Cluster, clock: Clock, counter: RequestCounter) {
    this.#cluster = cluster;
    this.#clock = clock;
    this.#counter = counter;
    this.#host = new URL(cluster.server).host;
  }

  /** Sends a request and reads the answer's text. Throws ApiError, or the signal's reason. */
  send(call: Call): Promise<string> {
    // Renewals of the lease would fill the traces with themselves.
    if (call.lane === 'lease') return this.#send(call);
    const attributes = { 'http.request.method': call.method, 'server.address': this.#host, 'url.path': call.path };
    const span = { name: requestName(call.method, call.path), kind: 'client', attributes } as const;
    return traced(span, () => this.#send(call));
  }

  #send(call: Call): Promise<string> {
    return this.#withFreshCredentials(call, async (session, left) => {
      const limit = new Limit(left, call.signal);
      try {
        const answer = await this.#dispatch(session, call, limit);
        const text = await answer.body.text();
        if (answer.statusCode < 300) return text;
        throw errorFromBody(answer.statusCode, text, `${call.method} ${call.path}`, header(answer, 'retry-after'));
      } catch (error) {
        throw translate(error, call, limit);
      } finally {
        limit.end();
      }
    });
  }

  /** Opens a streaming answer. The signal ends it; the time limit counts until the headers only. */
  async stream(call: Call): Promise<Streamed> {
    return this.#withFreshCredentials(call, async (session, left) => {
      const limit = new Limit(left, call.signal);
      try {
        const answer = await this.#dispatch(session, call, limit);
        if (answer.statusCode < 300) {
          limit.stopTimer();
          answer.body.once('close', () => limit.end());
          return { contentType: header(answer, 'content-type') ?? '', chunks: answer.body };
        }
        const text = await refusalText(answer);
        throw errorFromBody(answer.statusCode, text, `${call.method} ${call.path}`, header(answer, 'retry-after'));
      } catch (error) {
        limit.end();
        throw translate(error, call, limit);
      }
    });
  }

  /** Whether it was closed: what breaks then is not worth another attempt. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Closes all connections; open streams break. */
  async close(): Promise<void> {
    this.#closed = true;
    const agents = Object.values(this.#session?.agents ?? {});
    await Promise.all(agents.map((agent) => agent.destroy()));
  }

  async #dispatch(session: Session, call: Call, limit: Limit): Promise<Dispatcher.ResponseData> {
    const started = this.#clock.monotonic();
    const agent = session.agents[call.lane ?? 'requests'];
    const inTime = (): boolean => this.#clock.monotonic() < started + limit.millis;
    let code = '<error>';
    try {
      const answer = await request(`${this.#cluster.server}${call.path}${queryText(call.query)}`, {
        // A late read does no harm.
        dispatcher: call.method === 'GET' ? agent : sentInTime(agent, inTime),
        method: call.method,
        headers: {
          'user-agent': userAgent,
          ...session.headers,
          ...traceHeaders(),
          accept: call.accept ?? 'application/json',
          'content-type': call.contentType ?? 'application/json',
        },
        body: call.body === undefined ? undefined : JSON.stringify(call.body),
        signal: limit.signal,
      });
      code = String(answer.statusCode);
      return answer;
    } finally {
      this.#counter.requested(call.method, this.#host, code, (this.#clock.monotonic() - started) / 1000);
    }
  }

  /** Waiting for credentials counts against the call's time limit: a write that the fence let pass must not go out late. */
  async #withFreshCredentials<T>(call: Call, attempt: (session: Session, left: number) => Promise<T>): Promise<T> {
    const end = this.#clock.monotonic() + call.timeoutMillis;
    const left = (): number => Math.max(end - this.#clock.monotonic(), 1);
    const session = this.#current() ?? (await inTime(this.#refresh(), left(), call));
    try {
      return await attempt(session, left());
    } catch (error) {
      if (!(error instanceof Unauthorized) || this.#closed) throw error;
      return attempt(await inTime(this.#refresh(true), left(), call), left());
    }
  }

  /** The session in force. One that is due is renewed beside the requests: an exec plugin that hangs must not stop the lease. */
  #current(): Session | undefined {
    const session = this.#session;
    const now = this.#clock.monotonic();
    const due = session !== undefined && now - session.readAt > refreshMillis;
    if (due && now - this.#renewedAt > renewalPauseMillis) {
      this.#renewedAt = now;
      // The old credentials stay in force; when the server refuses them, the request itself reads new ones and tells.
      this.#refresh().catch(() => undefined);
    }
    return session;
  }

  #refresh(refused = false): Promise<Session> {
    const running = this.#refreshing;
    if (running !== undefined && (running.refused || !refused)) return running.session;
    const session = inTime(this.#read(refused), renewalMillis, credentialsCall).finally(() => {
      if (this.#refreshing?.session === session) this.#refreshing = undefined;
    });
    this.#refreshing = { session, refused };
    return session;
  }

  async #read(refused: boolean): Promise<Session> {
    const credentials = await this.#cluster.credentials({ refused });
    const fingerprint = JSON.stringify(credentials.tls, (_key, value: unknown) =>
      Buffer.isBuffer(value) ? value.toString('base64') : value,
    );
    const old = this.#session;
    const same = old !== undefined && old.fingerprint === fingerprint;
    const agents = same ? old.agents : makeAgents(credentials);
    this.#session = { headers: credentials.headers, fingerprint, agents, readAt: this.#clock.monotonic() };
    if (old !== undefined && !same) for (const lane of lanes) closeQuietly(old.agents[lane]);
    return this.#session;
  }
}

const credentialsCall = { method: 'GET', path: 'credentials', timeoutMillis: renewalMillis } as const;

/** Throws Timeout when credentials do not come within `millis`, and the signal's reason when it aborts first. */
async function inTime(
  session: Promise<Session>,
  millis: number,
  call: Pick<Call, 'method' | 'path' | 'timeoutMillis' | 'signal'>,
): Promise<Session> {
  const limit = new Limit(millis, call.signal);
  const over = new Promise<never>((_resolve, reject) => {
    const end = (): void => reject(translate(new Error('credentials did not come in time'), call, limit));
    if (limit.signal.aborted) end();
    else limit.signal.addEventListener('abort', end, { once: true });
  });
  try {
    return await Promise.race([session, over]);
  } finally {
    limit.end();
  }
}

/** Lets open requests and watches of replaced credentials end by themselves. */
function closeQuietly(agent: Agent): void {
  void agent.close().catch(() => undefined);
}

function makeAgents({ tls }: Credentials): Readonly<Record<Lane, Agent>> {
  const make = (connections: number): Agent =>
    new Agent({
      connections,
      pipelining: 1,
      allowH2: false,
      bodyTimeout: 0,
      headersTimeout: 30_000,
      keepAliveTimeout: 30_000,
      connect: { ...tls, timeout: 10_000, keepAlive: true, keepAliveInitialDelay: 15_000 },
    });
  return { requests: make(64), watches: make(256), lease: make(2) };
}

/** Written by hand: URLSearchParams takes a tenth of what a whole request does. */
function queryText(query: Call['query'] = {}): string {
  let text = '';
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) text += `${text === '' ? '?' : '&'}${name}=${encodeURIComponent(value)}`;
  }
  return text;
}

/** What an answer that is no success says, as JSON or plain text: a refusal comes in the form that was asked for. */
async function refusalText(answer: Dispatcher.ResponseData): Promise<string> {
  if (!isProtobuf(header(answer, 'content-type') ?? '')) return answer.body.text();
  const bytes = Buffer.from(await answer.body.arrayBuffer());
  try {
    return statusJson(bytes);
  } catch (error) {
    // The status code says which error it is; only the words are lost.
    if (error instanceof AnswerMalformed) return '';
    throw error;
  }
}

function header({ headers }: Dispatcher.ResponseData, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** A time limit joined with the caller's signal; cheaper than AbortSignal.any, and leaves nothing on long-lived signals. */
class Limit {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #onAbort: () => void;
  readonly #timer: NodeJS.Timeout;
  readonly millis: number;
  timedOut = false;

  constructor(millis: number, outer: AbortSignal | undefined) {
    this.#outer = outer;
    this.millis = millis;
    this.#onAbort = () => this.#controller.abort(outer?.reason);
    this.#timer = setTimeout(() => {
      this.timedOut = true;
      this.#controller.abort();
    }, millis);
    if (outer?.aborted === true) this.#onAbort();
    outer?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  get aborted(): boolean {
    return this.#outer?.aborted === true;
  }

  get reason(): unknown {
    return this.#outer?.reason;
  }

  stopTimer(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.stopTimer();
    this.#outer?.removeEventListener('abort', this.#onAbort);
  }
}

function translate(error: unknown, call: Pick<Call, 'method' | 'path' | 'timeoutMillis'>, limit: Limit): unknown {
  if (isApiError(error)) return error;
  if (limit.aborted) return limit.reason;
  const url = `${call.method} ${call.path}`;
  const late = error instanceof TooLateToSend;
  if (late || limit.timedOut || error instanceof errors.HeadersTimeoutError) {
    // Without the time that was left for this attempt: the sentence stands in conditions.
    const message = late ? error.message : 'no answer within the time limit';
    return new Timeout({ status: 0, reason: 'Timeout', url, message, cause: error });
  }
  const message = error instanceof Error ? error.message : String(error);
  return new ConnectionLost({ status: 0, reason: 'ConnectionLost', url, message, cause: error });
}

function isApiError(error: unknown): error is ApiError {
  return error instanceof Error && typeof Reflect.get(error, 'status') === 'number' && Reflect.has(error, 'causes');
}
