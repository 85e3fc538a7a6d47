/** Table tests for controllers: world in, acts out, through the real pass with its finalizer and status rules. */
import type { Backend } from '../client/backend.ts';
import { NotFound } from '../client/errors.ts';
import { AppliedMemory } from '../controller/applied.ts';
import { managerOf } from '../controller/context.ts';
import { type FailureRow, type PassResult, pass } from '../controller/pass.ts';
import { Declarations } from '../controller/permissions.ts';
import { keyOf, keyText, kindId } from '../kinds.ts';
import type { Controller, EventIntent, Key, Kind, KubeObject, ListOptions, PatchBody, Reader } from '../types.ts';
import { MemoryApi, type Preconditions } from './memory-api.ts';
import { silentLog } from './wait.ts';

/** An object of the world with its kind. */
export interface Thing {
  readonly kind: Kind<KubeObject>;
  readonly object: KubeObject;
}

/** Builds a `Thing` with types checked. */
export function thing<T extends KubeObject>(kind: Kind<T>, object: T): Thing {
  return { kind, object };
}

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

/**
 * One row's input. Objects of owned kinds, and the status of the primary, count as applied by the controller before,
 * so that what it no longer wants is removed from them.
 */
export interface PassInput {
  readonly world: readonly Thing[];
  /** Default: the singleton's name. */
  readonly key?: Key;
  readonly now: Date;
  /** The row of failures that the key is in. */
  readonly failures?: FailureRow;
  /** Answers instead of the memory, for errors: throw, or return undefined to go on. */
  readonly intercept?: (act: Act) => Promise<void> | void;
}

/** What came of it. */
export interface PassOutput {
  /** Writes in order; the primary's status and finalizers are here too. */
  readonly acts: readonly Act[];
  readonly events: readonly EventIntent[];
  /** The primary's status afterwards, as stored. */
  readonly status: unknown;
  readonly result: PassResult;
  /** The world afterwards. */
  readonly get: <T extends KubeObject>(kind: Kind<T>, key: Key) => T | undefined;
  /** Runs the pass once more on the world as it is now, after `change` of it. */
  readonly again: (options?: {
    readonly now?: Date;
    readonly change?: (api: MemoryApi) => void;
  }) => Promise<PassOutput>;
}

/** Runs one pass of the controller on a world held in memory. Objects read are frozen, so a pass that changes them throws. */
export async function runPass(controller: Controller, input: PassInput): Promise<PassOutput> {
  const bench = new Bench(controller, input);
  return bench.run(input.now);
}

class Bench implements Backend {
  readonly #controller: Controller;
  readonly #input: PassInput;
  readonly #api: MemoryApi;
  readonly #applied = new AppliedMemory();
  #acts: Act[] = [];
  #now: Date;

  constructor(controller: Controller, input: PassInput) {
    this.#controller = controller;
    this.#input = input;
    this.#now = input.now;
    this.#api = new MemoryApi(() => this.#now);
    const by = managerOf(controller);
    const owned = new Set(controller.owns.map(kindId));
    const primary = controller.primary === undefined ? undefined : kindId(controller.primary);
    for (const { kind, object } of input.world) {
      const id = kindId(kind);
      const part = owned.has(id) ? 'all' : 'status';
      this.#api.seed(id, object, owned.has(id) || id === primary ? { by, part } : undefined);
    }
  }

  async run(now: Date): Promise<PassOutput> {
    this.#now = now;
    this.#acts = [];
    const events: EventIntent[] = [];
    const reader: Reader = {
      get: (kind, wanted) => this.#stored(kind, wanted),
      list: (kind, options) => this.#list(kind, options),
    };
    const key = this.#input.key ?? { name: this.#controller.name };
    const result = await pass(
      {
        controller: this.#controller,
        declared: new Declarations(this.#controller),
        reader,
        backend: this,
        overlay: () => undefined,
        applied: this.#applied,
        record: (event) => events.push(event),
        counter: { applied: () => undefined },
        clock: { now: () => now.getTime(), monotonic: () => now.getTime(), sleep: async () => undefined },
        log: silentLog,
      },
      key,
      new AbortController().signal,
      this.#input.failures,
    );
    const primary = this.#controller.primary === undefined ? undefined : this.#stored(this.#controller.primary, key);
    return {
      acts: this.#acts,
      events,
      status: primary === undefined ? undefined : Reflect.get(primary, 'status'),
      result,
      get: (kind, wanted) => this.#stored(kind, wanted),
      again: async ({ now: later = now, change } = {}) => {
        change?.(this.#api);
        return this.run(later);
      },
    };
  }

  #stored<T extends KubeObject>(kind: Kind<T>, key: Key): T | undefined {
    try {
      const object: unknown = deepFreeze(structuredClone(this.#api.get(kindId(kind), key)));
      return object as T;
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async get<T extends KubeObject>(kind: Kind<T>, key: Key): Promise<T | undefined> {
    return this.#stored(kind, key);
  }

  #list<T extends KubeObject>(kind: Kind<T>, { namespace, index }: ListOptions = {}): readonly T[] {
    const all = this.#api.list(kindId(kind), namespace).map((object) => this.#stored(kind, keyOf(object)));
    const found = all.filter((object) => object !== undefined);
    if (index === undefined) return found;
    const declared = this.#controller.indexes.find((i) => i.name === index.name && kindId(i.kind) === kindId(kind));
    if (declared === undefined) throw new TypeError(`index ${index.name} of ${kindId(kind)} is not declared`);
    return found.filter((object) => declared.values(object).includes(index.value));
  }

  async #act(act: Act): Promise<void> {
    await this.#input.intercept?.(act);
    this.#acts.push(structuredClone(act));
  }

  async apply<T extends KubeObject>(
    kind: Kind<T>,
    body: KubeObject,
    options: { readonly manager: string; readonly subresource?: string },
  ): Promise<T> {
    const key = keyOf(body);
    const clean: KubeObject = JSON.parse(JSON.stringify(body));
    const act = options.subresource === 'status' ? 'applyStatus' : 'apply';
    await this.#act({ act, kind: kindId(kind), key: keyText(key), body: clean });
    const answer: unknown = this.#api.apply(kindId(kind), key, clean, options.manager, options.subresource);
    return answer as T;
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T, manager: string): Promise<T> {
    const body: KubeObject = JSON.parse(JSON.stringify(object));
    await this.#act({ act: 'create', kind: kindId(kind), key: keyText(keyOf(object)), body });
    const answer: unknown = this.#api.create(kindId(kind), body, manager);
    return answer as T;
  }

  async patch<T extends KubeObject>(kind: Kind<T>, key: Key, patch: PatchBody): Promise<T> {
    await this.#act({ act: 'patch', kind: kindId(kind), key: keyText(key), patch });
    const answer: unknown = this.#api.patch(kindId(kind), key, patch);
    return answer as T;
  }

  async remove(kind: Kind<KubeObject>, key: Key, preconditions: Preconditions): Promise<void> {
    await this.#act({ act: 'remove', kind: kindId(kind), key: keyText(key), preconditions });
    if (this.#stored(kind, key) !== undefined) this.#api.remove(kindId(kind), key, preconditions);
  }

  async evict(key: Key, preconditions: Preconditions): Promise<'evicted' | 'gone'> {
    await this.#act({ act: 'evict', key: keyText(key) });
    try {
      this.#api.remove('pods', key, preconditions);
      return 'evicted';
    } catch (error) {
      if (error instanceof NotFound) return 'gone';
      throw error;
    }
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
