import type { Api, Thing } from '../api.ts';
import { tokenIn, withoutToken } from '../proxy/token.ts';
import { type Leaves, leavesOf } from './leaves.ts';

/** Everything that plans have in the cluster at one moment. */
export interface Snapshot {
  /** The leaves of one plan's objects. */
  of(token: string): Leaves;
}

const RETRY_MILLIS = 250;

/** Reads the cluster past the proxy. Callers that come at the same time share one reading, so that many plans cost as much as one. */
export class Observer {
  readonly #api: Api;
  readonly #collections: readonly string[];
  readonly #disguise: string | undefined;
  #next: Promise<Snapshot> | undefined;
  #current: Promise<unknown> = Promise.resolve();

  /** `disguise` is a text that counts as part of every token. */
  constructor(api: Api, collections: readonly string[], disguise?: string) {
    this.#api = api;
    this.#collections = collections;
    this.#disguise = disguise;
  }

  /** A reading that begins after this call. */
  look(): Promise<Snapshot> {
    this.#next ??= this.#after(this.#current);
    return this.#next;
  }

  async #after(current: Promise<unknown>): Promise<Snapshot> {
    await current;
    await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
    this.#next = undefined;
    const reading = this.#read();
    this.#current = reading.catch(() => undefined);
    return await reading;
  }

  async #read(): Promise<Snapshot> {
    for (;;) {
      try {
        const lists = await Promise.all(this.#collections.map((collection) => this.#api.list(collection)));
        return snapshot(this.#collections, lists, this.#disguise);
      } catch {
        // The API server is away, because a plan killed it; the deadline of the plan bounds this.
        await new Promise((resolve) => setTimeout(resolve, RETRY_MILLIS));
      }
    }
  }
}

function snapshot(
  collections: readonly string[],
  lists: readonly (readonly Thing[])[],
  disguise: string | undefined,
): Snapshot {
  const byToken = new Map<string, Map<string, Thing>>();
  collections.forEach((collection, index) => {
    const resource = collection.slice(collection.lastIndexOf('/') + 1);
    for (const thing of lists[index] ?? []) {
      const { namespace, name } = thing.metadata;
      const full = namespace === undefined ? name : `${namespace}/${name}`;
      const token = tokenIn(full);
      if (token === undefined) continue;
      const things = byToken.get(token) ?? new Map<string, Thing>();
      things.set(`${resource} ${withoutToken(full, token)}`, thing);
      byToken.set(token, things);
    }
  });
  return {
    of: (token) =>
      new Map([...(byToken.get(token) ?? [])].map(([name, thing]) => [name, leavesOf(thing, token, disguise)])),
  };
}
