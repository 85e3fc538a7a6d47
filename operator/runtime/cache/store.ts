/** Objects of one kind, with named indexes, and the runtime's own newest writes laid over what the watch has told. */
import { keyOf, keyText } from '../kinds.ts';
import type { KubeObject, ListOptions } from '../types.ts';
import { compareVersions } from './versions.ts';

/** Gives the values under which an object is found. */
export type IndexValues = (object: KubeObject) => readonly string[];

const namespaceIndex = 'namespace';

/** The store of one kind. Reads see the overlay; `told` is what the watch said last. */
export class Store {
  readonly #told = new Map<string, KubeObject>();
  readonly #overlay = new Map<string, KubeObject>();
  readonly #values = new Map<string, IndexValues>();
  readonly #indexes = new Map<string, Map<string, Set<string>>>();
  readonly #indexFailed: (index: string, key: string, error: unknown) => void;
  #newest: string | undefined;

  /** `indexFailed` is told of an index function that threw; the object has then no place in that index. */
  constructor(
    scope: 'Namespaced' | 'Cluster',
    indexFailed: (index: string, key: string, error: unknown) => void = () => undefined,
  ) {
    this.#indexFailed = indexFailed;
    if (scope === 'Namespaced') this.addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
  }

  get size(): number {
    return this.#told.size;
  }

  get overlaid(): number {
    return this.#overlay.size;
  }

  /** Adds an index, also over what is here already. A name taken keeps its first definition. */
  addIndex(name: string, values: IndexValues): void {
    if (this.#values.has(name)) return;
    this.#values.set(name, values);
    this.#indexes.set(name, new Map());
    for (const [key, object] of this.#told) if (!this.#overlay.has(key)) this.#file(name, key, object);
    for (const [key, object] of this.#overlay) this.#file(name, key, object);
  }

  get(key: string): KubeObject | undefined {
    return this.#overlay.get(key) ?? this.#told.get(key);
  }

  /** What the watch said last, without the overlay. */
  told(key: string): KubeObject | undefined {
    return this.#told.get(key);
  }

  /** Throws TypeError for an index that was not declared. */
  list({ namespace, index }: ListOptions = {}): readonly KubeObject[] {
    if (index !== undefined) {
      const found = this.#lookUp(index.name, index.value);
      return namespace === undefined ? found : found.filter(({ metadata }) => metadata.namespace === namespace);
    }
    if (namespace !== undefined) return this.#lookUp(namespaceIndex, namespace);
    if (this.#overlay.size === 0) return [...this.#told.values()];
    const created = [...this.#overlay].filter(([key]) => !this.#told.has(key)).map(([, object]) => object);
    return [...[...this.#told].map(([key, object]) => this.#overlay.get(key) ?? object), ...created];
  }

  #lookUp(name: string, value: string): readonly KubeObject[] {
    const index = this.#indexes.get(name);
    if (index === undefined) throw new TypeError(`index "${name}" is not declared; add .index(kind, '${name}', …)`);
    return [...(index.get(value) ?? [])].map((key) => this.get(key)).filter((object) => object !== undefined);
  }

  /** Takes what the watch said; answers what it had said before. */
  tell(object: KubeObject): KubeObject | undefined {
    const key = keyText(keyOf(object));
    const before = this.#told.get(key);
    this.#change(key, () => {
      this.#told.set(key, object);
      this.#settleOverlay(key, object);
    });
    this.#advance(object);
    return before;
  }

  /** Takes a deletion; answers what the watch had said before. */
  forget(key: string, last?: KubeObject): KubeObject | undefined {
    const before = this.#told.get(key);
    this.#change(key, () => {
      this.#told.delete(key);
      if (last === undefined) this.#overlay.delete(key);
      else this.#settleOverlay(key, last);
    });
    if (last !== undefined) this.#advance(last);
    return before;
  }

  /**
   * Takes a complete list of the state at `version`, which holds `seen`; answers what is gone by it. An own write that
   * is newer than the list stays until the watch tells it.
   */
  retain(seen: ReadonlySet<string>, version: string | undefined): readonly KubeObject[] {
    this.#newest = newer(version, this.#newest);
    return this.#missing(seen).flatMap((key) => {
      const laid = this.#overlay.get(key);
      const order = compareVersions(laid?.metadata.resourceVersion, version);
      const stays = laid !== undefined && order !== undefined && order > 0;
      const before = this.#told.get(key) ?? (stays ? undefined : laid);
      this.#change(key, () => {
        this.#told.delete(key);
        if (!stays) this.#overlay.delete(key);
      });
      return before === undefined ? [] : [before];
    });
  }

  /** Without a copy of all keys: there may be 100,000, and the event loop waits. */
  #missing(seen: ReadonlySet<string>): readonly string[] {
    const missing: string[] = [];
    for (const key of this.#told.keys()) if (!seen.has(key)) missing.push(key);
    for (const key of this.#overlay.keys()) if (!seen.has(key) && !this.#told.has(key)) missing.push(key);
    return missing;
  }

  /** Lays the server's answer to an own write over the store, unless the watch is as far already. */
  overlay(object: KubeObject): void {
    const key = keyText(keyOf(object));
    const { resourceVersion } = object.metadata;
    const known = this.get(key) ?? undefined;
    // Without a known object an answer older than the watch would raise the dead.
    const against = known?.metadata.resourceVersion ?? this.#newest;
    const order = against === undefined ? 1 : compareVersions(resourceVersion, against);
    if (order === undefined || order <= 0) return;
    this.#change(key, () => this.#overlay.set(key, object));
  }

  #settleOverlay(key: string, told: KubeObject): void {
    const laid = this.#overlay.get(key);
    if (laid === undefined) return;
    const order = compareVersions(told.metadata.resourceVersion, laid.metadata.resourceVersion);
    if (order === undefined || order >= 0) this.#overlay.delete(key);
  }

  #advance({ metadata }: KubeObject): void {
    this.#newest = newer(metadata.resourceVersion, this.#newest);
  }

  #change(key: string, change: () => void): void {
    const before = this.get(key);
    if (before !== undefined) for (const name of this.#values.keys()) this.#unfile(name, key, before);
    change();
    const after = this.get(key);
    if (after !== undefined) for (const name of this.#values.keys()) this.#file(name, key, after);
  }

  /** One object that an index cannot read must not stop the watch, which would meet it again after each restart. */
  #valuesOf(name: string, key: string, object: KubeObject): readonly string[] {
    try {
      return this.#values.get(name)?.(object) ?? [];
    } catch (error) {
      this.#indexFailed(name, key, error);
      return [];
    }
  }

  #file(name: string, key: string, object: KubeObject): void {
    const index = this.#indexes.get(name);
    for (const value of this.#valuesOf(name, key, object)) {
      const keys = index?.get(value);
      if (keys === undefined) index?.set(value, new Set([key]));
      else keys.add(key);
    }
  }

  #unfile(name: string, key: string, object: KubeObject): void {
    const index = this.#indexes.get(name);
    for (const value of this.#valuesOf(name, key, object)) {
      const keys = index?.get(value);
      keys?.delete(key);
      if (keys?.size === 0) index?.delete(value);
    }
  }
}

function newer(version: string | undefined, known: string | undefined): string | undefined {
  const order = compareVersions(version, known);
  return known === undefined || (order !== undefined && order > 0) ? version : known;
}
