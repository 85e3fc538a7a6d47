/** Table tests for controllers: world in, acts out, through the real pass with its finalizer and status rules. */
import { AppliedMemory } from '../controller/applied.ts';
import { managerOf } from '../controller/context.ts';
import { type FailureRow, type PassResult, pass } from '../controller/pass.ts';
import { Declarations } from '../controller/permissions.ts';
import { kindId } from '../kinds.ts';
import type { Controller, EventIntent, Key, Kind, KubeObject, ListOptions, Reader } from '../types.ts';
import { MemoryApi } from './memory-api.ts';
import { type Act, type Intercept, MemoryBackend } from './memory-backend.ts';
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
  readonly intercept?: Intercept;
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
  return new Bench(controller, input, worldOf(controller, input)).run(input.now);
}

/** A controller with the memory of its process, in a world that outlives it. */
export class Bench {
  readonly #controller: Controller;
  readonly #input: Omit<PassInput, 'world'>;
  readonly #api: MemoryApi;
  readonly #backend: MemoryBackend;
  readonly #applied = new AppliedMemory();
  #acts: Act[] = [];

  constructor(controller: Controller, input: Omit<PassInput, 'world'>, api: MemoryApi) {
    this.#controller = controller;
    this.#input = input;
    this.#api = api;
    this.#backend = new MemoryBackend(api, async (act) => {
      await input.intercept?.(act);
      this.#acts.push(structuredClone(act));
    });
  }

  async run(now: Date): Promise<PassOutput> {
    this.#acts = [];
    const events: EventIntent[] = [];
    const reader: Reader = {
      get: (kind, wanted) => this.#backend.stored(kind, wanted),
      list: (kind, options) => this.#list(kind, options),
    };
    const key = this.#input.key ?? { name: this.#controller.name };
    const result = await pass(
      {
        controller: this.#controller,
        declared: new Declarations(this.#controller),
        reader,
        backend: this.#backend,
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
    const { primary } = this.#controller;
    const stored = primary === undefined ? undefined : this.#backend.stored(primary, key);
    return {
      acts: this.#acts,
      events,
      status: stored === undefined ? undefined : Reflect.get(stored, 'status'),
      result,
      get: reader.get,
      again: async ({ now: later = now, change } = {}) => {
        change?.(this.#api);
        return this.run(later);
      },
    };
  }

  #list<T extends KubeObject>(kind: Kind<T>, { namespace, index }: ListOptions = {}): readonly T[] {
    const found = this.#backend.all(kind, namespace);
    if (index === undefined) return found;
    const declared = this.#controller.indexes.find((i) => i.name === index.name && kindId(i.kind) === kindId(kind));
    if (declared === undefined) throw new TypeError(`index ${index.name} of ${kindId(kind)} is not declared`);
    return found.filter((object) => declared.values(object).includes(index.value));
  }
}

/** The memory that holds a row's world; what the controller owns counts as applied by it. */
export function worldOf(controller: Controller, { world, now }: PassInput): MemoryApi {
  const api = new MemoryApi(() => now);
  const by = managerOf(controller);
  const owned = new Set(controller.owns.map(kindId));
  const primary = controller.primary === undefined ? undefined : kindId(controller.primary);
  for (const { kind, object } of world) {
    const id = kindId(kind);
    const part = owned.has(id) ? 'all' : 'status';
    api.seed(id, object, owned.has(id) || id === primary ? { by, part } : undefined);
  }
  return api;
}
