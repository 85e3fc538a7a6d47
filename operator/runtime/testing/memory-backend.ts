/** The calls of a pass, carried out in a memory and written down as acts. */
import type { Backend, Preconditions } from '../client/backend.ts';
import { errorFromBody, NotFound, TooManyRequests } from '../client/errors.ts';
import { keyOf, keyText, kindId } from '../kinds.ts';
import type { Key, Kind, KubeObject, PatchBody } from '../types.ts';
import type { MemoryApi } from './memory-api.ts';
import { Refusal } from './refusals.ts';

/** What a pass did to the cluster, in order. `kind` is `pods`, `gpupools.gpuoptimizer.io` … */
export type Act =
  | {
      readonly act: 'apply' | 'applyStatus' | 'create';
      readonly kind: string;
      readonly key: string;
      readonly body: KubeObject;
    }
  | { readonly act: 'patch'; readonly kind: string; readonly key: string; readonly patch: PatchBody }
  | { readonly act: 'remove'; readonly kind: string; readonly key: string; readonly preconditions: Preconditions }
  | { readonly act: 'evict'; readonly key: string };

/** Told of each act before it is done; throwing keeps it from being done. */
export type Intercept = (act: Act) => Promise<void> | void;

/** The backend of passes in a test. Its errors are those that the client makes of the real server's answers. */
export class MemoryBackend implements Backend {
  readonly #api: MemoryApi;
  readonly #intercept: Intercept;

  constructor(api: MemoryApi, intercept: Intercept) {
    this.#api = api;
    this.#intercept = intercept;
  }

  /** The object as the cache would show it: a frozen copy. */
  stored<T extends KubeObject>(kind: Kind<T>, key: Key): T | undefined {
    if (!this.#api.has(kindId(kind), key)) return undefined;
    return typed(deepFreeze(structuredClone(this.#api.get(kindId(kind), key))));
  }

  /** All objects of a kind. */
  all<T extends KubeObject>(kind: Kind<T>, namespace: string | undefined): readonly T[] {
    const objects = this.#api.list(kindId(kind), namespace);
    return objects.map((object) => typed<T>(deepFreeze(structuredClone(object))));
  }

  async get<T extends KubeObject>(kind: Kind<T>, key: Key): Promise<T | undefined> {
    return this.stored(kind, key);
  }

  async apply<T extends KubeObject>(
    kind: Kind<T>,
    body: KubeObject,
    options: { readonly manager: string; readonly subresource?: string },
  ): Promise<T> {
    const { manager, subresource } = options;
    const [id, key, clean] = [kindId(kind), keyOf(body), plain(body)];
    const act = subresource === 'status' ? 'applyStatus' : 'apply';
    return this.#perform({ act, kind: id, key: keyText(key), body: clean }, () =>
      typed(this.#api.apply(id, key, clean, manager, subresource)),
    );
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, manager: string): Promise<T> {
    const [id, body] = [kindId(kind), plain(object)];
    return this.#perform({ act: 'create', kind: id, key: keyText(keyOf(object)), body }, () =>
      typed(this.#api.create(id, body, manager)),
    );
  }

  async patch<T extends KubeObject>(kind: Kind<T>, key: Key, patch: PatchBody, manager: string): Promise<T> {
    const id = kindId(kind);
    return this.#perform({ act: 'patch', kind: id, key: keyText(key), patch }, () =>
      typed(this.#api.patch(id, key, patch, manager)),
    );
  }

  async remove(kind: Kind<KubeObject>, key: Key, preconditions: Preconditions): Promise<void> {
    const id = kindId(kind);
    await this.#perform({ act: 'remove', kind: id, key: keyText(key), preconditions }, () => {
      if (this.#api.has(id, key)) this.#api.remove(id, key, preconditions);
    });
  }

  async evict(key: Key, preconditions: Preconditions): Promise<'evicted' | 'blocked' | 'gone'> {
    try {
      await this.#perform({ act: 'evict', key: keyText(key) }, () => this.#api.evict(key, preconditions));
      return 'evicted';
    } catch (error) {
      if (error instanceof TooManyRequests) return 'blocked';
      if (error instanceof NotFound) return 'gone';
      throw error;
    }
  }

  async #perform<T>(act: Act, perform: () => T): Promise<T> {
    await this.#intercept(act);
    try {
      return perform();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const what = act.act === 'evict' ? 'pods' : act.kind;
      throw errorFromBody(error.httpCode, JSON.stringify(error.status), `${act.act} ${what}/${act.key}`);
    }
  }
}

function typed<T>(object: unknown): T {
  return object as T;
}

function plain(object: KubeObject): KubeObject {
  return JSON.parse(JSON.stringify(object));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
