/** The calls of the runtime to the API server, with retries and the write fence. */
import type { Clock } from '../../observability/index.ts';
import { keyOf, pathOf } from '../kinds.ts';
import type { Key, Kind, KubeObject, PatchBody } from '../types.ts';
import type { ApplyOptions, Backend, Preconditions } from './backend.ts';
import { ApiError, Conflict, ConnectionLost, NotFound, ServerError, Timeout, TooManyRequests } from './errors.ts';
import type { Call, Lane, Transport } from './transport.ts';

interface Page<T> {
  readonly items?: readonly T[];
  readonly metadata?: { readonly continue?: string };
}

/** Throws NotLeader when this process may not write. */
export type Fence = () => void;

/** What a client is made of. */
export interface ClientOptions {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly fence?: Fence;
  /** Bounds one read, all attempts together. */
  readonly readTimeoutMillis?: number;
  /** Bounds one write, all attempts together; with a lease it must end before the lease can be taken. */
  readonly writeTimeoutMillis?: number;
  readonly lane?: Lane;
}

const patchTypes = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
} as const;

const podKind: Kind<KubeObject> = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' };

const firstRetryMillis = 100;
const longestRetryMillis = 2_000;

/** Sends what passes ask for. Reads, applies and preconditioned deletes are retried; every verb waits out a 429. */
export class Client implements Backend {
  readonly #options: ClientOptions;
  #unansweredAt: number | undefined;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async get<T extends KubeObject>(kind: Kind<T>, key: Key, signal?: AbortSignal): Promise<T | undefined> {
    try {
      return await this.#call<T>({ method: 'GET', path: pathOf(kind, key), signal }, 'repeatable');
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  /** Lists in pages; for commands, not for controllers, which read the cache. */
  async list<T extends KubeObject>(
    kind: Kind<T>,
    options: { readonly namespace?: string; readonly labelSelector?: string; readonly fieldSelector?: string } = {},
    signal?: AbortSignal,
  ): Promise<readonly T[]> {
    const { namespace, labelSelector, fieldSelector } = options;
    const items: T[] = [];
    let token: string | undefined;
    do {
      const query = { limit: '500', continue: token, labelSelector, fieldSelector };
      const path = pathOf(kind, { namespace });
      const page: Page<T> = await this.#call({ method: 'GET', path, query, signal }, 'repeatable');
      items.push(...(page.items ?? []));
      token = page.metadata?.continue || undefined;
    } while (token !== undefined);
    return items;
  }

  /** What the server serves in a group and version, by the plural names; nothing when it knows neither. */
  async resources(group: string, version: string, signal?: AbortSignal): Promise<readonly string[]> {
    const path = `/apis/${group}/${version}`;
    try {
      const found = await this.#call<{ readonly resources?: readonly { readonly name: string }[] }>(
        { method: 'GET', path, signal },
        'repeatable',
      );
      return (found.resources ?? []).map(({ name }) => name);
    } catch (error) {
      if (error instanceof NotFound) return [];
      throw error;
    }
  }

  apply<T extends KubeObject>(
    kind: Kind<T>,
    body: KubeObject,
    options: ApplyOptions,
    signal?: AbortSignal,
  ): Promise<T> {
    const path = pathOf(kind, keyOf(body), options.subresource);
    const query = { fieldManager: options.manager, force: 'true' };
    const contentType = 'application/apply-patch+yaml';
    return this.#call<T>({ method: 'PATCH', path, query, body, contentType, signal }, 'repeatable');
  }

  create<T extends KubeObject>(kind: Kind<T>, object: T, manager: string, signal?: AbortSignal): Promise<T> {
    const { namespace } = object.metadata;
    const path = pathOf(kind, { namespace });
    return this.#call<T>({ method: 'POST', path, query: { fieldManager: manager }, body: object, signal }, 'once');
  }

  patch<T extends KubeObject>(
    kind: Kind<T>,
    key: Key,
    patch: PatchBody,
    manager: string,
    signal?: AbortSignal,
  ): Promise<T> {
    const path = pathOf(kind, key, patch.subresource);
    const query = { fieldManager: manager };
    const contentType = patchTypes[patch.type];
    return this.#call<T>({ method: 'PATCH', path, query, body: patch.body, contentType, signal }, 'once');
  }

  /** PUT; the resourceVersion in the object is the precondition. */
  replace<T extends KubeObject>(kind: Kind<T>, object: T, signal?: AbortSignal): Promise<T> {
    return this.#call<T>({ method: 'PUT', path: pathOf(kind, keyOf(object)), body: object, signal }, 'once');
  }

  async remove(kind: Kind<KubeObject>, key: Key, preconditions: Preconditions, signal?: AbortSignal): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background', preconditions };
    try {
      await this.#call({ method: 'DELETE', path: pathOf(kind, key), body, signal }, 'repeatable');
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }

  async evict(key: Key, preconditions: Preconditions, signal?: AbortSignal): Promise<'evicted' | 'blocked' | 'gone'> {
    const typed = { apiVersion: 'policy/v1', kind: 'Eviction' };
    const body = { ...typed, metadata: key, deleteOptions: { preconditions } };
    try {
      await this.#call({ method: 'POST', path: pathOf(podKind, key, 'eviction'), body, signal }, 'never');
      return 'evicted';
    } catch (error) {
      if (error instanceof TooManyRequests) return 'blocked';
      if (error instanceof NotFound) return 'gone';
      if (!(error instanceof Conflict)) throw error;
      // Another pod under the name, or the same one, changed since it was read: then the decision is old.
      const live = await this.get(podKind, key, signal);
      if (live === undefined || live.metadata.uid !== preconditions.uid) return 'gone';
      throw error;
    }
  }

  /** Whether a write of the last `millis` ended without an answer, so that the server may carry it out yet. */
  unansweredWithin(millis: number): boolean {
    return this.#unansweredAt !== undefined && this.#options.clock.monotonic() - this.#unansweredAt < millis;
  }

  async #call<T>(call: Omit<Call, 'timeoutMillis'>, repeat: 'repeatable' | 'once' | 'never'): Promise<T> {
    const { clock, fence, lane, transport, readTimeoutMillis = 30_000, writeTimeoutMillis = 30_000 } = this.#options;
    const deadline = clock.monotonic() + (call.method === 'GET' ? readTimeoutMillis : writeTimeoutMillis);
    let said: ServerError | undefined;
    for (let attempt = 0; ; attempt += 1) {
      if (call.method !== 'GET') fence?.();
      call.signal?.throwIfAborted();
      const timeoutMillis = Math.max(deadline - clock.monotonic(), 1);
      try {
        return JSON.parse(await transport.send({ ...call, lane, timeoutMillis }));
      } catch (error) {
        if (call.method !== 'GET' && !isRefusal(error)) this.#unansweredAt = clock.monotonic();
        const wait = transport.closed ? undefined : retryAfter(error, call.method, repeat, attempt);
        if (wait === undefined || clock.monotonic() + wait >= deadline) {
          // What the server said last tells more than that the time ran out.
          throw error instanceof Timeout && said !== undefined ? said : error;
        }
        said = error instanceof ServerError ? error : undefined;
        await clock.sleep(wait, call.signal);
      }
    }
  }
}

/** Whether the server itself said no, so that nothing was done. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof ApiError)) return false;
  return !(error instanceof Timeout || error instanceof ConnectionLost || error instanceof ServerError);
}

/** A proxy or the server gave no answer of its own; a 504 also says that a list asks for more than the server has seen yet. */
const unanswered: ReadonlySet<number> = new Set([502, 503, 504]);

/** Milliseconds to wait before the next attempt, or undefined to give up. */
function retryAfter(
  error: unknown,
  method: Call['method'],
  repeat: 'repeatable' | 'once' | 'never',
  attempt: number,
): number | undefined {
  if (repeat === 'never') return undefined;
  const backoff = Math.min(firstRetryMillis * 2 ** attempt, longestRetryMillis);
  // A server may say "after 0 seconds"; the backoff keeps that from being a hot loop.
  if (error instanceof TooManyRequests) return Math.max(error.retryAfter ?? 0, backoff);
  if (repeat === 'once') return undefined;
  if (error instanceof ConnectionLost) return backoff;
  if (!(error instanceof ServerError)) return undefined;
  const again = unanswered.has(error.status) || (method === 'GET' && error.status === 500);
  return again ? Math.max(error.retryAfter ?? 0, backoff) : undefined;
}
