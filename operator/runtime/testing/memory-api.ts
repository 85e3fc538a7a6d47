/**
 * An API server's memory without the server: versions, generation, uid, managers per leaf, preconditions,
 * finalizers, a history to watch. It has no schemas, no defaults, no admission and no garbage collector.
 */
import { type ApiError, apiError } from '../client/errors.ts';
import { keyText } from '../kinds.ts';
import type { Key, KubeObject, PatchBody } from '../types.ts';
import {
  applied as applyOver,
  isObject,
  type Json,
  jsonPatched,
  leaves,
  merged,
  PatchFailed,
  without,
} from './merge.ts';

/** A collection: `pods`, or `toys.example.com`. */
export type Collection = string;

/** A stored object. */
export type Stored = Json & { readonly metadata: KubeObject['metadata'] & { readonly name: string } };

/** One change in the history. */
export interface Change {
  readonly version: number;
  readonly collection: Collection;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
}

interface Entry {
  readonly object: Stored;
  readonly managers: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Who applied a seeded object, and which part of it. */
export interface Applied {
  readonly by: string;
  readonly part: 'all' | 'status';
}

/** Preconditions of a write. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

/** The memory. Methods throw the same error classes that the client makes of a real answer. */
export class MemoryApi {
  readonly #collections = new Map<Collection, Map<string, Entry>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #now: () => Date;
  #history: Change[] = [];
  #compacted = 0;
  #version = 100;
  #uids = 0;

  constructor(now: () => Date = () => new Date()) {
    this.#now = now;
  }

  /** The latest version. */
  get version(): number {
    return this.#version;
  }

  /** Versions up to this one can no longer be watched from. */
  get compacted(): number {
    return this.#compacted;
  }

  /** Forgets the history, as etcd's compaction does. */
  compact(): void {
    this.#compacted = this.#version;
    this.#history = [];
  }

  /** Changes after `version`, oldest first. */
  since(version: number): readonly Change[] {
    return this.#history.filter((change) => change.version > version);
  }

  /** Calls the listener for every change from now on; the answer ends it. */
  subscribe(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get(collection: Collection, key: Key): Stored {
    return this.#find(collection, key).object;
  }

  list(collection: Collection, namespace?: string): readonly Stored[] {
    const all = [...(this.#collections.get(collection)?.values() ?? [])].map(({ object }) => object);
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Puts an object as it is, keeping the uid, status, times and generation given. `applied` says who counts as having applied it before, all of it or its status alone. */
  seed(collection: Collection, object: KubeObject, applied?: Applied): Stored {
    const generation = Reflect.has(object, 'spec') ? 1 : undefined;
    const base = { uid: this.#uid(), generation, creationTimestamp: this.#time(), ...object.metadata };
    const managers = applied === undefined ? new Map() : seededManagers(object, applied);
    return this.#store(collection, { ...structuredClone(object), metadata: structuredClone(base) }, 'ADDED', managers);
  }

  create(collection: Collection, object: KubeObject, manager = 'unknown'): Stored {
    const { name = '', namespace, labels, annotations, finalizers, ownerReferences } = object.metadata;
    const key = { name, namespace };
    if (name === '') throw this.#error(422, 'Invalid', collection, key, 'metadata.name: Required value');
    if (this.#collections.get(collection)?.has(keyText(key)) === true) {
      throw this.#error(409, 'AlreadyExists', collection, key, 'already exists');
    }
    const metadata = {
      ...{ name, namespace, labels, annotations, finalizers, ownerReferences },
      ...{ uid: this.#uid(), creationTimestamp: this.#time() },
      generation: Reflect.has(object, 'spec') ? 1 : undefined,
    };
    const stored = { ...structuredClone(object), metadata: structuredClone(metadata) };
    return this.#store(collection, stored, 'ADDED', new Map([[manager, new Set(ownedLeaves(object))]]));
  }

  /** Server-side apply with force: takes the leaves given, drops those this manager held alone before. */
  apply(collection: Collection, key: Key, body: KubeObject, manager: string, subresource?: string): Stored {
    const record = this.#collections.get(collection)?.get(keyText(key));
    const { uid } = body.metadata;
    if (record === undefined) {
      if (subresource !== undefined) throw this.#error(404, 'NotFound', collection, key, 'not found');
      if (uid !== undefined)
        throw this.#error(409, 'Conflict', collection, key, 'uid mismatch: no existing object was found');
      return this.create(collection, body, manager);
    }
    this.#precondition(collection, record.object, { uid });
    const slot = subresource === undefined ? manager : `${manager}/${subresource}`;
    const wanted = new Set(ownedLeaves(body));
    const others = new Set([...record.managers].filter(([name]) => name !== slot).flatMap(([, owned]) => [...owned]));
    const dropped = [...(record.managers.get(slot) ?? [])].filter((leaf) => !wanted.has(leaf) && !others.has(leaf));
    const kept = without(record.object, new Set(dropped));
    const next = applyOver(kept, { ...structuredClone(body), metadata: sentMeta(body) });
    return this.#replace(collection, record, next, subresource, new Map([...record.managers, [slot, wanted]]));
  }

  patch(collection: Collection, key: Key, patch: PatchBody): Stored {
    const record = this.#find(collection, key);
    if (isObject(patch.body) && isObject(patch.body.metadata)) {
      const { uid, resourceVersion } = patch.body.metadata;
      this.#precondition(collection, record.object, { uid: text(uid), resourceVersion: text(resourceVersion) });
    }
    return this.#replace(collection, record, this.#patched(collection, key, record.object, patch), patch.subresource);
  }

  #patched(collection: Collection, key: Key, object: Stored, patch: PatchBody): unknown {
    if (patch.type !== 'json') return merged(object, structuredClone(patch.body), patch.type === 'strategic');
    try {
      return jsonPatched(object, Array.isArray(patch.body) ? patch.body : []);
    } catch (error) {
      if (!(error instanceof PatchFailed)) throw error;
      throw this.#error(422, 'Invalid', collection, key, error.message);
    }
  }

  /** PUT: replaces the object under its resourceVersion, when given. */
  update(collection: Collection, object: KubeObject, subresource?: string): Stored {
    const { name = '', namespace, uid, resourceVersion } = object.metadata;
    const record = this.#find(collection, { name, namespace });
    this.#precondition(collection, record.object, { uid, resourceVersion });
    return this.#replace(collection, record, structuredClone(object), subresource);
  }

  /** Deletes, or marks as deleting while finalizers remain. */
  remove(collection: Collection, key: Key, preconditions: Preconditions = {}): Stored {
    const { object, managers } = this.#find(collection, key);
    this.#precondition(collection, object, preconditions);
    if ((object.metadata.finalizers ?? []).length === 0) return this.#drop(collection, object);
    if (object.metadata.deletionTimestamp !== undefined) return object;
    const metadata = { ...object.metadata, deletionTimestamp: this.#time() };
    return this.#store(collection, { ...object, metadata }, 'MODIFIED', managers);
  }

  #replace(
    collection: Collection,
    record: Entry,
    candidate: unknown,
    subresource: string | undefined,
    managers = record.managers,
  ): Stored {
    const old = record.object;
    const next: Json = isObject(candidate) ? candidate : {};
    const content: Json =
      subresource === 'status' ? { ...old, status: next.status } : { ...next, status: old.status ?? next.status };
    const meta: Json = isObject(next.metadata) && subresource !== 'status' ? next.metadata : { ...old.metadata };
    const spec = JSON.stringify([old.spec, old.data]) !== JSON.stringify([content.spec, content.data]);
    const { uid, name, namespace, creationTimestamp, deletionTimestamp, generation } = old.metadata;
    const bumped = spec && generation !== undefined ? generation + 1 : generation;
    const fixed = { uid, name, namespace, creationTimestamp, deletionTimestamp, generation: bumped };
    const metadata = { ...meta, ...fixed, resourceVersion: old.metadata.resourceVersion };
    const stored: Stored = JSON.parse(JSON.stringify({ ...content, metadata }));
    if (JSON.stringify(sorted(stored)) === JSON.stringify(sorted(old))) {
      this.#collections.get(collection)?.set(keyText({ name, namespace }), { object: old, managers });
      return old;
    }
    const ended = deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0;
    return ended ? this.#drop(collection, stored) : this.#store(collection, stored, 'MODIFIED', managers);
  }

  #store(
    collection: Collection,
    object: Json & { metadata: KubeObject['metadata'] },
    type: 'ADDED' | 'MODIFIED',
    managers: Entry['managers'],
  ): Stored {
    this.#version += 1;
    const { name = '' } = object.metadata;
    const metadata = { ...object.metadata, name, resourceVersion: String(this.#version) };
    const stored: Stored = JSON.parse(JSON.stringify({ ...object, metadata }));
    const place = this.#collections.get(collection) ?? new Map<string, Entry>();
    this.#collections.set(collection, place.set(keyText(stored.metadata), { object: stored, managers }));
    this.#announce({ version: this.#version, collection, type, object: stored });
    return stored;
  }

  #drop(collection: Collection, object: Stored): Stored {
    this.#version += 1;
    const last = { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
    this.#collections.get(collection)?.delete(keyText(object.metadata));
    this.#announce({ version: this.#version, collection, type: 'DELETED', object: last });
    return last;
  }

  #announce(change: Change): void {
    this.#history.push(change);
    for (const listener of this.#listeners) listener(change);
  }

  #find(collection: Collection, key: Key): Entry {
    const record = this.#collections.get(collection)?.get(keyText(key));
    if (record === undefined) throw this.#error(404, 'NotFound', collection, key, 'not found');
    return record;
  }

  #precondition(collection: Collection, object: Stored, { uid, resourceVersion }: Preconditions): void {
    const { metadata } = object;
    if (uid !== undefined && uid !== metadata.uid) {
      throw this.#error(409, 'Conflict', collection, metadata, `uid mismatch: ${uid} and ${metadata.uid}`);
    }
    if (resourceVersion === undefined || resourceVersion === metadata.resourceVersion) return;
    throw this.#error(
      409,
      'Conflict',
      collection,
      metadata,
      'the object has been modified; apply your changes to the latest version',
    );
  }

  #error(status: number, reason: string, collection: Collection, key: Key, message: string): ApiError {
    const fields = { status, reason, url: `memory ${collection}/${keyText(key)}` };
    return apiError({ ...fields, message: `${collection} "${key.name}": ${message}` });
  }

  #uid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }

  #time(): string {
    return `${this.#now().toISOString().slice(0, 19)}Z`;
  }
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The leaves that a manager owns after sending this body: never identity. */
function ownedLeaves(body: KubeObject): readonly string[] {
  const { apiVersion: _version, kind: _kind, ...rest } = body;
  return leaves({ ...rest, metadata: sentMeta(body) }).filter((leaf) => !identity.has(leaf));
}

function seededManagers(object: KubeObject, { by, part }: Applied): Entry['managers'] {
  const owned = ownedLeaves(object);
  const ofStatus = owned.filter((leaf) => leaf.startsWith('\u0000status\u0000'));
  const rest = part === 'status' ? [] : owned.filter((leaf) => !ofStatus.includes(leaf));
  return new Map([
    [by, new Set(rest)],
    [`${by}/status`, new Set(ofStatus)],
  ]);
}

const identity = new Set(['\u0000metadata', '\u0000metadata\u0000name', '\u0000metadata\u0000namespace']);

function sentMeta({ metadata }: KubeObject): Json {
  const { name, namespace, labels, annotations, finalizers, ownerReferences } = metadata;
  return JSON.parse(JSON.stringify({ name, namespace, labels, annotations, finalizers, ownerReferences }));
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}
