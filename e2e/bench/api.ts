import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { Agent, type Dispatcher, errors, request } from 'undici';
import { parse } from 'yaml';

/** The parts of a kubeconfig with embedded certificates that a benchmark needs. */
interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly {
    readonly user: { readonly 'client-certificate-data': string; readonly 'client-key-data': string };
  }[];
}

/** The part of ObjectMeta that a benchmark reads. */
export interface Meta {
  readonly name: string;
  readonly resourceVersion?: string;
  readonly labels?: Readonly<Record<string, string>>;
}

/** An object of which only the metadata is asked for. */
export interface MetaOnly {
  readonly metadata: Meta;
}

/** One event of a watch. */
export interface WatchEvent<T = MetaOnly> {
  readonly type: string;
  readonly object: T;
}

/** A bare client of the API server for benchmarks: no cache and no backoff, so that it takes little of the machine. */
export interface BenchApi {
  /** Sends one request; rejects with the server's words unless it answers 2xx or a status in `also`. */
  send(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, options?: SendOptions): Promise<Answer>;
  /** Watches metadata only, which costs the server and this process a tenth of whole objects. */
  watch(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent>;
  /** Watches whole objects. */
  watchWhole<T extends MetaOnly>(path: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>>;
  /** Lists metadata only. */
  list(path: string): Promise<readonly MetaOnly[]>;
  close(): Promise<void>;
}

/** What a request carries, and which answers beside 2xx are expected. */
export interface SendOptions {
  readonly body?: object;
  readonly contentType?: string;
  readonly also?: readonly number[];
}

/** The server refused a request; the message has its words. */
export class AnswerError extends Error {
  /** HTTP status. */
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.name = 'AnswerError';
    this.status = status;
  }
}

/** What came back. */
export interface Answer {
  readonly status: number;
  readonly text: string;
}

const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
const WHOLE_OBJECTS = 'application/json';
const METADATA_LIST = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';
/** Asking more often would load the machine that is being measured. */
const POLL_MILLIS = 500;
const DELETE_MILLIS = 300_000;
const HEADERS_TIMEOUT_MILLIS = 60_000;

/** Opens a client from a kubeconfig whose certificates are embedded, as the test cluster's admin kubeconfig has them. */
export function openApi(kubeconfig: string): BenchApi {
  const config: Kubeconfig = parse(readFileSync(kubeconfig, 'utf8'));
  const cluster = config.clusters[0]?.cluster;
  const user = config.users[0]?.user;
  if (cluster === undefined || user === undefined) throw new Error(`${kubeconfig} has no cluster or no user`);
  const pem = (base64: string): string => Buffer.from(base64, 'base64').toString();
  const agent = new Agent({
    connections: 32,
    // As the operator's transport.
    allowH2: false,
    bodyTimeout: 0,
    headersTimeout: HEADERS_TIMEOUT_MILLIS,
    connect: {
      ca: pem(cluster['certificate-authority-data']),
      cert: pem(user['client-certificate-data']),
      key: pem(user['client-key-data']),
    },
  });
  async function* events<T>(path: string, accept: string, signal: AbortSignal): AsyncGenerator<WatchEvent<T>> {
    const answer = await request(`${cluster?.server}${path}`, { dispatcher: agent, signal, headers: { accept } });
    if (answer.statusCode >= 300) throw new Error(`GET ${path} answered ${answer.statusCode}`);
    let rest = '';
    answer.body.setEncoding('utf8');
    for await (const chunk of answer.body) {
      const lines = (rest + String(chunk)).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const event: WatchEvent<T> = JSON.parse(line);
        yield event;
      }
    }
  }
  return {
    async send(method, path, { body, contentType = 'application/json', also = [] } = {}) {
      const answer = await connected(() =>
        request(`${cluster.server}${path}`, {
          method,
          dispatcher: agent,
          ...(body !== undefined && { body: JSON.stringify(body), headers: { 'content-type': contentType } }),
        }),
      );
      const text = await answer.body.text();
      if (answer.statusCode >= 300 && !also.includes(answer.statusCode)) {
        const message = `${method} ${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`;
        throw new AnswerError(message, answer.statusCode);
      }
      return { status: answer.statusCode, text };
    },
    watch: (path, signal) => events(path, METADATA_ONLY, signal),
    watchWhole: (path, signal) => events(path, WHOLE_OBJECTS, signal),
    async list(path) {
      const answer = await connected(() =>
        request(`${cluster.server}${path}`, { dispatcher: agent, headers: { accept: METADATA_LIST } }),
      );
      const text = await answer.body.text();
      if (answer.statusCode >= 300) throw new Error(`GET ${path} answered ${answer.statusCode}: ${text.slice(0, 300)}`);
      // An empty list of metadata has null for items.
      const list: { readonly items: readonly MetaOnly[] | null } = JSON.parse(text);
      return list.items ?? [];
    },
    close: () => agent.destroy(),
  };
}

/** Sends once more, on another connection, what met one that the server had closed. */
async function connected(send: () => Promise<Dispatcher.ResponseData>): Promise<Dispatcher.ResponseData> {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof errors.SocketError)) throw error;
    return await send();
  }
}

/** Runs `work` over `items`, at most `width` at a time; stops taking more once the signal aborts, and rejects then. */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  signal: AbortSignal,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      signal.throwIfAborted();
      const item = items[at];
      if (item !== undefined) await work(item);
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
}

/** Asks until the answer is not undefined; rejects, naming what was waited for, after `timeoutMillis`. */
export async function until<T>(
  what: string,
  timeoutMillis: number,
  signal: AbortSignal,
  ask: () => Promise<T | undefined>,
  pollMillis = POLL_MILLIS,
): Promise<T> {
  const deadline = performance.now() + timeoutMillis;
  for (;;) {
    signal.throwIfAborted();
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > deadline) throw new Error(`within ${timeoutMillis / 1000} s this did not happen: ${what}`);
    await delay(pollMillis, undefined, { signal });
  }
}

/** Deletes all objects of a collection and waits until they are gone. */
export async function clearAll(api: BenchApi, path: string, signal: AbortSignal): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 };
  // The server gives a request a minute, in which a busy one does not delete thousands; the next request goes on.
  await until(`${path} is deleted`, DELETE_MILLIS, signal, async () =>
    (await api.send('DELETE', path, { body, also: [504] })).status === 504 ? undefined : true,
  );
  await until(`${path} is empty`, DELETE_MILLIS, signal, async () =>
    (await api.list(`${path}?limit=1`)).length === 0 ? true : undefined,
  );
}
