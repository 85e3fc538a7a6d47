/**
 * An API server's memory without the server: versions, generations, uids, managers per leaf, preconditions, finalizers,
 * grace periods, disruption budgets, a history to watch. It has no schemas, no defaults, no admission, no garbage
 * collector and no kubelet. What it answers is held to the real one's answers (conformance/).
 */
import type { Preconditions } from '../client/backend.ts';
import { keyText } from '../kinds.ts';
import type { Key, KubeObject, ObjectMeta, PatchBody } from '../types.ts';
import { spendBudget } from './budgets.ts';
import { checkFinalizers, checkOwners, checkUid } from './checks.ts';
import { metaOf, part, same, sameSpec, sentMeta, withoutEmpties, withUid } from './content.ts';
import { countsGenerations, graceSeconds, isCustom, needsVersion, statusCarriesMetadata } from './kind-rules.ts';
import { Managers, type Role } from './managers.ts';
import { applied as applyOver, isObject, type Json, leafValues, without } from './merge.ts';
import { jsonPatched, mergePatched, PatchFailed, strategicPatched } from './patches.ts';
import * as refuse from './refusals.ts';

/** A collection: `pods`, or `toys.example.com`. */
export type Collection = string;

/** A stored object. */
export type Stored = Json & { readonly metadata: StoredMeta };

type StoredMeta = KubeObject['metadata'] & { readonly name: string; readonly deletionGracePeriodSeconds?: number };

/** One change in the history. */
export interface Change {
  readonly version: number;
  readonly collection: Collection;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: Stored;
  /** The object before the change. */
  readonly before?: Stored;
}

interface Entry {
  readonly object: Stored;
  readonly managers: Managers;
}

/** Who applied a seeded object, and which part of it. */
export interface Applied {
  readonly by: string;
  readonly part: 'all' | 'status';
}

/** Who writes, and where. */
export interface WriteOptions {
  readonly manager?: string;
  readonly subresource?: string;
}

/** What came before is forgotten from the start, as on a server that has run for a while. */
const firstVersion = 100;

/** The memory. Methods throw `Refusal`, which knows the answer of the real server. */
export class MemoryApi {
  readonly #collections = new Map<Collection, Map<string, Entry>>();
  readonly #kinds = new Map<Collection, string>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #now: () => Date;
  #history: Change[] = [];
  #compacted = firstVersion;
  #version = firstVersion;
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

  /** The kind of a collection, as the objects sent so far name it; empty when none did. */
  kindOf(collection: Collection): string {
    return this.#kinds.get(collection) ?? '';
  }

  get(collection: Collection, key: Key): Stored {
    return this.#find(collection, key).object;
  }

  has(collection: Collection, key: Key): boolean {
    return this.#entry(collection, key) !== undefined;
  }

  list(collection: Collection, namespace?: string): readonly Stored[] {
    const all = [...(this.#collections.get(collection)?.values() ?? [])].map(({ object }) => object);
    return namespace === undefined ? all : all.filter(({ metadata }) => metadata.namespace === namespace);
  }

  /** Every object with its collection and key, in the order of both. */
  everything(): readonly (readonly [string, Stored])[] {
    const all = [...this.#collections].flatMap(([collection, entries]) =>
      [...entries].map(([key, { object }]) => [`${collection}/${key}`, object] as const),
    );
    return all.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** The collection as it was at a version that is not yet compacted. */
  listAt(collection: Collection, version: number): readonly Stored[] {
    const then = new Map(this.list(collection).map((object) => [keyText(object.metadata), object]));
    for (const { object, before, ...change } of this.since(version).toReversed()) {
      if (change.collection !== collection) continue;
      if (before === undefined) then.delete(keyText(object.metadata));
      else then.set(keyText(object.metadata), before);
    }
    return [...then.values()];
  }

  /** Puts an object as it is, keeping the uid, status, times and generation given. `applied` says who counts as having applied it before, all of it or its status alone. */
  seed(collection: Collection, object: KubeObject, applied?: Applied): Stored {
    const generation = countsGenerations(collection) ? 1 : undefined;
    const base = { uid: this.#uid(), generation, creationTimestamp: this.#time(), ...object.metadata };
    const managers = applied === undefined ? new Managers() : seededManagers(object, applied);
    return this.#store(collection, { ...object, metadata: base }, managers);
  }

  create(collection: Collection, object: KubeObject, manager = 'unknown'): Stored {
    const role: Role = { manager, operation: 'Update', apiVersion: object.apiVersion };
    return this.#create(collection, object, (made) => new Managers().updated(role, {}, made));
  }

  #create(collection: Collection, object: KubeObject, managed: (made: object) => Managers): Stored {
    this.#learn(collection, object);
    const { name = '', namespace, resourceVersion } = object.metadata;
    const subject = this.#subject(collection, { name });
    const required = 'Required value: name or generateName is required';
    if (name === '')
      throw refuse.invalid(subject, { reason: 'FieldValueRequired', field: 'metadata.name', message: required });
    if (resourceVersion !== undefined)
      throw new refuse.Refusal(500, undefined, 'resourceVersion should not be set on objects to be created');
    const there = this.#entry(collection, { name, namespace })?.object.metadata;
    if (there !== undefined)
      throw refuse.alreadyExists(subject, there.deletionTimestamp === undefined ? 'there' : 'deleting');
    checkOwners(subject, object.metadata);
    const metadata = {
      ...sentMeta(object),
      ...{ uid: this.#uid(), creationTimestamp: this.#time() },
      generation: countsGenerations(collection) ? 1 : undefined,
    };
    // Custom resources come into being without a status; fixtures of built-in kinds keep theirs.
    const { status, ...rest } = { status: undefined, ...object };
    const made = { ...rest, ...(!isCustom(collection) && status !== undefined && { status }), metadata };
    return this.#store(collection, made, managed(made));
  }

  /** Server-side apply: takes the leaves given, drops those this manager held alone before. Forced unless told otherwise. */
  apply(
    collection: Collection,
    key: Key,
    body: KubeObject,
    manager: string,
    subresource?: string,
    how: 'force' | 'ask' = 'force',
  ): Stored {
    const role: Role = { manager, operation: 'Apply', subresource };
    const wanted = part(body, subresource);
    const entry = this.#entry(collection, key);
    const subject = this.#subject(collection, key);
    const { uid, resourceVersion } = body.metadata;
    if (entry === undefined) {
      if (subresource !== undefined) throw refuse.notFound(subject);
      const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
      if (uid !== undefined) throw refuse.conflict(subject, why);
      const metadata = { ...body.metadata, ...key };
      return this.#create(collection, { ...wanted, metadata }, () => new Managers().applied(role, {}, wanted, true));
    }
    if (resourceVersion !== undefined && resourceVersion !== entry.object.metadata.resourceVersion)
      throw refuse.modified(subject);
    const managers = entry.managers.applied(role, entry.object, wanted, how === 'force');
    const mine = managers.of(role);
    const kept = managers.ofOthers(role);
    const lost = [...entry.managers.of(role)].filter((leaf) => !mine.has(leaf) && !kept.has(leaf));
    const left = without(entry.object, new Set(lost));
    const next = applyOver(left, { ...structuredClone(wanted), metadata: sentMeta(body) });
    return this.#replace(collection, entry, withUid(next, uid), subresource, () => managers);
  }

  /** One of the three patch types, with the preconditions that the body carries. */
  patch(collection: Collection, key: Key, { body, subresource, type }: PatchBody, manager = 'unknown'): Stored {
    const entry = this.#find(collection, key);
    const { object } = entry;
    const next = type === 'json' ? this.#jsonPatched(object, body) : mergedBy(type)(object, structuredClone(body));
    const { name, resourceVersion } = metaOf(next);
    if (name !== key.name) throw misnamed(name ?? '', key.name);
    if (resourceVersion !== object.metadata.resourceVersion) throw refuse.modified(this.#subject(collection, key));
    return this.#replace(collection, entry, next, subresource, updatedBy(manager, subresource, object));
  }

  #jsonPatched(object: Stored, body: unknown): unknown {
    try {
      return jsonPatched(object, Array.isArray(body) ? body : []);
    } catch (error) {
      if (!(error instanceof PatchFailed)) throw error;
      throw new refuse.Refusal(422, 'Invalid', 'the server rejected our request due to an error in our request', {});
    }
  }

  /** PUT: replaces the object under its resourceVersion, when given; some kinds insist on it. */
  update(collection: Collection, object: KubeObject, { manager = 'unknown', subresource }: WriteOptions = {}): Stored {
    const { name = '', namespace, uid, resourceVersion } = object.metadata;
    const entry = this.#find(collection, { name, namespace });
    const subject = this.#subject(collection, { name });
    const { metadata } = entry.object;
    if (resourceVersion === undefined && needsVersion(collection)) throw refuse.unversioned(subject);
    if (uid !== undefined && uid !== metadata.uid)
      throw refuse.conflict(
        subject,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${metadata.uid}`,
      );
    if (resourceVersion !== undefined && resourceVersion !== metadata.resourceVersion) throw refuse.modified(subject);
    return this.#replace(collection, entry, object, subresource, updatedBy(manager, subresource, entry.object));
  }

  /** Deletes, or marks as deleting while finalizers or a kubelet remain. */
  remove(collection: Collection, key: Key, preconditions: Preconditions = {}): Stored {
    const { object, managers } = this.#find(collection, key);
    const { metadata } = object;
    this.#require(collection, object, preconditions);
    const seconds = graceSeconds(collection, object);
    if (metadata.deletionTimestamp !== undefined) return object;
    const generation = metadata.generation === undefined ? undefined : metadata.generation + 1;
    const fate = { deletionTimestamp: this.#time(seconds), deletionGracePeriodSeconds: seconds, generation };
    const dying: Stored = { ...object, metadata: { ...metadata, ...fate } };
    if (seconds > 0 || (metadata.finalizers ?? []).length > 0) return this.#store(collection, dying, managers);
    this.#drop(collection, object);
    return dying;
  }

  /** The Eviction API: deletes the pod unless a PodDisruptionBudget forbids it. */
  evict(key: Key, preconditions: Preconditions = {}): void {
    const pod = this.get('pods', key);
    this.#require('pods', pod, preconditions);
    if (pod.metadata.deletionTimestamp === undefined) {
      for (const budget of this.list('poddisruptionbudgets.policy', key.namespace)) {
        const spent = spendBudget(budget, pod);
        if (spent !== undefined)
          this.patch('poddisruptionbudgets.policy', { ...key, name: budget.metadata.name }, spent);
      }
    }
    this.remove('pods', key);
  }

  #replace(
    collection: Collection,
    { object: old, managers: before }: Entry,
    candidate: unknown,
    subresource: string | undefined,
    managed: (stored: Stored, before: Managers) => Managers,
  ): Stored {
    const next: Json = isObject(candidate) ? candidate : {};
    const ofStatus = subresource === 'status';
    const content: Json = ofStatus ? { ...old, status: next.status } : { ...next, status: old.status };
    const carries = !ofStatus || statusCarriesMetadata(collection);
    const meta: Json = carries ? metaOf(next) : { ...old.metadata };
    const subject = this.#subject(collection, old.metadata);
    checkUid(subject, old.metadata, meta.uid);
    const { deletionGracePeriodSeconds, deletionTimestamp, generation, ...identity } = old.metadata;
    const { uid, name, namespace, creationTimestamp, resourceVersion } = identity;
    const fixed = { uid, name, namespace, creationTimestamp, deletionTimestamp, deletionGracePeriodSeconds };
    const changed = generation !== undefined && !sameSpec(old, content);
    const counted = { generation: changed ? generation + 1 : generation, resourceVersion };
    const metadata = withoutEmpties({ ...meta, ...fixed, ...counted });
    const stored: Stored = JSON.parse(JSON.stringify({ ...content, metadata }));
    checkOwners(subject, stored.metadata);
    checkFinalizers(subject, old.metadata, stored.metadata);
    const managers = managed(stored, before);
    if (same(stored, old) && managers.equals(before)) return old;
    const ended = deletionTimestamp !== undefined && (stored.metadata.finalizers ?? []).length === 0;
    if (!ended || graceSeconds(collection, stored) > 0) return this.#store(collection, stored, managers);
    this.#drop(collection, old);
    return stored;
  }

  #store(collection: Collection, object: Json & { metadata: ObjectMeta }, managers: Managers): Stored {
    this.#learn(collection, object);
    this.#version += 1;
    const { name = '' } = object.metadata;
    const metadata = withoutEmpties({ ...object.metadata, name, resourceVersion: String(this.#version) });
    const stored: Stored = JSON.parse(JSON.stringify({ ...object, metadata }));
    const place = this.#collections.get(collection) ?? new Map<string, Entry>();
    const before = place.get(keyText(stored.metadata))?.object;
    this.#collections.set(collection, place.set(keyText(stored.metadata), { object: stored, managers }));
    const type = before === undefined ? 'ADDED' : 'MODIFIED';
    this.#announce({ version: this.#version, collection, type, object: stored, before });
    return stored;
  }

  /** Lets an object go; the watchers see its last stored state, under a version of its own. */
  #drop(collection: Collection, before: Stored): void {
    this.#version += 1;
    const object = { ...before, metadata: { ...before.metadata, resourceVersion: String(this.#version) } };
    this.#collections.get(collection)?.delete(keyText(before.metadata));
    this.#announce({ version: this.#version, collection, type: 'DELETED', object, before });
  }

  #announce(change: Change): void {
    this.#history.push(change);
    for (const listener of this.#listeners) listener(change);
  }

  #entry(collection: Collection, key: Key): Entry | undefined {
    return this.#collections.get(collection)?.get(keyText(key));
  }

  #find(collection: Collection, key: Key): Entry {
    const entry = this.#entry(collection, key);
    if (entry === undefined) throw refuse.notFound(this.#subject(collection, key));
    return entry;
  }

  #require(collection: Collection, { metadata }: Stored, { uid, resourceVersion }: Preconditions): void {
    const subject = this.#subject(collection, metadata);
    const { uid: liveUid = '', resourceVersion: liveVersion = '' } = metadata;
    if (uid !== undefined && uid !== liveUid) throw refuse.unmet(subject, 'UID', uid, liveUid);
    if (resourceVersion !== undefined && resourceVersion !== liveVersion)
      throw refuse.unmet(subject, 'ResourceVersion', resourceVersion, liveVersion);
  }

  #subject(collection: Collection, { name = '' }: { readonly name?: string }): refuse.Subject {
    return { collection, name, kind: this.kindOf(collection) };
  }

  #learn(collection: Collection, { kind }: { readonly kind?: unknown; readonly metadata: object }): void {
    if (typeof kind === 'string') this.#kinds.set(collection, kind);
  }

  #uid(): string {
    this.#uids += 1;
    return `uid-${this.#uids}`;
  }

  #time(later = 0): string {
    return `${new Date(this.#now().getTime() + later * 1000).toISOString().slice(0, 19)}Z`;
  }
}

/** 400: the name in the body is not the one in the address. */
export function misnamed(body: string, url: string): refuse.Refusal {
  return refuse.badRequest(`the name of the object (${body}) does not match the name on the URL (${url})`);
}

function mergedBy(type: 'merge' | 'strategic'): (live: unknown, patch: unknown) => unknown {
  return type === 'merge' ? mergePatched : strategicPatched;
}

function updatedBy(
  manager: string,
  subresource: string | undefined,
  old: Stored,
): (stored: Stored, before: Managers) => Managers {
  const apiVersion = typeof old.apiVersion === 'string' ? old.apiVersion : undefined;
  return (stored, before) =>
    same(stored, old) ? before : before.updated({ manager, operation: 'Update', subresource, apiVersion }, old, stored);
}

function seededManagers(object: KubeObject, { by, part: which }: Applied): Managers {
  const role = { manager: by, operation: 'Apply' } as const;
  const ofStatus: Role = { ...role, subresource: 'status' };
  const seeded = which === 'status' ? new Managers() : new Managers().applied(role, {}, part(object, undefined), true);
  return leafValues(part(object, 'status')).size === 0
    ? seeded
    : seeded.applied(ofStatus, {}, part(object, 'status'), true);
}
