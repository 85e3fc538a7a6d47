/** What one pass sees and may do. */
import type { Clock, Logger } from '../../observability/index.ts';
import type { Backend } from '../client/backend.ts';
import { AlreadyExists } from '../client/errors.ts';
import { apiVersionOf, keyOf, keyText, kindId } from '../kinds.ts';
import type {
  Context,
  Controller,
  EventIntent,
  Intent,
  Key,
  Kind,
  KubeObject,
  ListOptions,
  ObjectMeta,
  PatchBody,
  Reader,
} from '../types.ts';
import { type AppliedMemory, hashOf, objectId } from './applied.ts';
import type { Breaker, Write } from './breaker.ts';
import { type Declarations, Undeclared } from './permissions.ts';

/** Counts applies that were skipped or sent. */
export interface ApplyCounter {
  applied(kind: string, controller: string, sent: boolean): void;
}

/** What all passes of a controller share. */
export interface PassEnvironment {
  readonly controller: Controller;
  readonly declared: Declarations;
  readonly reader: Reader;
  readonly backend: Backend;
  /** Lays the server's answer over the cache. */
  readonly overlay: (kind: Kind<KubeObject>, object: KubeObject) => void;
  readonly applied: AppliedMemory;
  readonly record: (event: EventIntent, controller: string) => void;
  readonly counter: ApplyCounter;
  /** Watches for writes in circles; absent where nobody acts on it. */
  readonly breaker?: Breaker;
  readonly clock: Clock;
  readonly log: Logger;
  /** Why passes cannot see enough to run, for example a kind that may not be listed. */
  readonly blocked?: () => string | undefined;
}

/** The field manager of a controller. */
export function managerOf(controller: Controller): string {
  return `gpuopt-${controller.name}`;
}

/**
 * The primary went while the pass ran or before its cache knew: there is nothing left to do for it.
 * @remedy nothing: there is no object left to work on
 */
export class PrimaryGone extends Error {
  override readonly name = 'PrimaryGone';
  readonly code = 'PrimaryGone';
}

const podKind: Kind<KubeObject> = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', scope: 'Namespaced' };

/** The context of one pass over `primary`. */
export class PassContext implements Context {
  readonly #environment: PassEnvironment;
  readonly #primary: KubeObject | undefined;
  readonly #key: string;
  readonly log: Logger;
  readonly signal: AbortSignal;

  constructor(
    environment: PassEnvironment,
    key: Key,
    primary: KubeObject | undefined,
    log: Logger,
    signal: AbortSignal,
  ) {
    this.#environment = environment;
    this.#primary = primary;
    this.#key = keyText(key);
    this.log = log;
    this.signal = signal;
  }

  get<T extends KubeObject>(kind: Kind<T>, key: Key): T | undefined {
    this.#environment.declared.requireCached(kind);
    return this.#environment.reader.get(kind, key);
  }

  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): readonly T[] {
    this.#environment.declared.requireCached(kind);
    return this.#environment.reader.list(kind, options);
  }

  readonly live = {
    get: async <T extends KubeObject>(kind: Kind<T>, key: Key): Promise<T | undefined> => {
      this.#environment.declared.requireVerb(kind, 'get');
      return this.#environment.backend.get(kind, key, this.signal);
    },
  };

  async apply<T extends KubeObject>(
    kind: Kind<T>,
    intent: Intent<T>,
    options: { readonly owner?: 'primary' | 'none' } = {},
  ): Promise<T> {
    this.#environment.declared.requireVerb(kind, 'patch');
    const { metadata, ...rest } = intent;
    const content = Object.fromEntries(Object.entries(rest).filter(([name]) => name !== 'status'));
    const owned = options.owner !== 'none' && !this.#isPrimary(kind, metadata);
    const body = { ...content, metadata: { ...sentMeta(metadata), ...(owned ? this.#owner(kind, metadata) : {}) } };
    return this.#send(kind, body, undefined);
  }

  async applyStatus<T extends KubeObject>(kind: Kind<T>, intent: Intent<T>): Promise<T> {
    this.#environment.declared.requireVerb(kind, 'patch', 'status');
    const { name, namespace, uid } = intent.metadata;
    const content = { metadata: { name, namespace, uid }, status: Reflect.get(intent, 'status') };
    return this.#send(kind, content, 'status');
  }

  async #send<T extends KubeObject>(kind: Kind<T>, content: KubeObject, subresource: string | undefined): Promise<T> {
    const { applied, backend, clock, controller, counter, declared, overlay, reader } = this.#environment;
    const key = keyOf(content);
    const manager = managerOf(controller);
    const [object, part] = [objectId(kind, key), `${manager}|${subresource ?? ''}`];
    const live = reader.get(kind, key);
    if (live !== undefined && applied.isNoOp(object, part, content, live, clock.monotonic())) {
      counter.applied(kind.kind, controller.name, false);
      return live;
    }
    if (live === undefined) await this.#confirmOwner(object, content.metadata);
    const body = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...content };
    counter.applied(kind.kind, controller.name, true);
    applied.sending(object, part);
    const answer = await backend.apply(kind, body, { manager, subresource }, this.signal);
    // Of a kind that is not cached there is no live object to compare with, and nobody says when one is gone.
    const hash = declared.isCached(kind)
      ? applied.remember(object, part, content, answer, clock.monotonic())
      : hashOf(content);
    // What the server finds equal to what it has, in its own way of writing, changes nothing and wakes nobody.
    if (answer.metadata.resourceVersion !== live?.metadata.resourceVersion) {
      this.#wrote(kind, key, subresource ?? '', hash);
    }
    overlay(kind, answer);
    return answer;
  }

  /**
   * A child that went may have been taken by the garbage collector because the primary went, of which the cache need not
   * know yet: made again, it would be taken again, until it does. So the server is asked before such a child is made.
   * Throws PrimaryGone.
   */
  async #confirmOwner(object: string, { ownerReferences = [] }: ObjectMeta): Promise<void> {
    const { applied, backend, controller } = this.#environment;
    const uid = this.#primary?.metadata.uid;
    if (this.#primary === undefined || controller.primary === undefined || !applied.wentUnder(object, uid)) return;
    if (!ownerReferences.some((owner) => owner.uid === uid)) return;
    const live = await backend.get(controller.primary, keyOf(this.#primary), this.signal);
    if (live?.metadata.uid === uid && live?.metadata.deletionTimestamp === undefined) return;
    throw new PrimaryGone(`${controller.primary.kind} ${this.#key} is gone`);
  }

  #wrote(kind: Kind<KubeObject>, key: Key, part: Write['part'], content: string): void {
    this.#environment.breaker?.wrote(this.#key, { object: `${kind.kind} ${keyText(key)}`, part, content });
  }

  async create<T extends KubeObject>(kind: Kind<T>, object: T): Promise<T | undefined> {
    const { backend, controller, declared, overlay } = this.#environment;
    declared.requireVerb(kind, 'create');
    await this.#confirmOwner(objectId(kind, keyOf(object)), object.metadata);
    const body = { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object };
    try {
      const answer = await backend.create<T>(kind, body, managerOf(controller), this.signal);
      this.#wrote(kind, keyOf(object), 'create', hashOf(object));
      overlay(kind, answer);
      return answer;
    } catch (error) {
      if (error instanceof AlreadyExists) return undefined;
      throw error;
    }
  }

  async patch<T extends KubeObject>(kind: Kind<T>, key: Key & { readonly uid?: string }, patch: PatchBody): Promise<T> {
    const { backend, controller, declared, overlay } = this.#environment;
    declared.requireVerb(kind, 'patch', patch.subresource);
    const answer = await backend.patch(kind, key, guarded(patch, key.uid), managerOf(controller), this.signal);
    this.#wrote(kind, key, patch.subresource ?? '', hashOf(patch.body));
    // Some subresources answer with a kind of their own (Scale) that must not take the object's place in the cache.
    if (answer.kind === undefined || answer.kind === kind.kind) overlay(kind, answer);
    return answer;
  }

  async remove<T extends KubeObject>(kind: Kind<T>, object: KubeObject): Promise<void> {
    this.#environment.declared.requireVerb(kind, 'delete');
    const { uid, resourceVersion } = identified(object, 'removed');
    await this.#environment.backend.remove(kind, keyOf(object), { uid, resourceVersion }, this.signal);
    this.#wrote(kind, keyOf(object), 'delete', '');
  }

  async evict(pod: KubeObject): Promise<'evicted' | 'blocked' | 'gone'> {
    this.#environment.declared.requireVerb(podKind, 'create', 'eviction');
    const { uid, resourceVersion } = identified(pod, 'evicted');
    return this.#environment.backend.evict(keyOf(pod), { uid, resourceVersion }, this.signal);
  }

  event(event: EventIntent): void {
    this.#environment.record(event, this.#environment.controller.name);
  }

  now(): Date {
    return new Date(this.#environment.clock.now());
  }

  #isPrimary(kind: Kind<KubeObject>, metadata: ObjectMeta): boolean {
    const { primary } = this.#environment.controller;
    if (primary === undefined || this.#primary === undefined || kindId(primary) !== kindId(kind)) return false;
    return this.#primary.metadata.name === metadata.name && this.#primary.metadata.namespace === metadata.namespace;
  }

  #owner(kind: Kind<KubeObject>, metadata: ObjectMeta): Pick<ObjectMeta, 'ownerReferences'> {
    const { controller } = this.#environment;
    const owner = this.#primary;
    if (owner === undefined || controller.primary === undefined) return {};
    const { name = '', namespace, uid = '' } = owner.metadata;
    if (namespace !== undefined && namespace !== metadata.namespace) {
      throw new Undeclared(
        `${controller.primary.kind} ${keyText(keyOf(owner))} cannot own ${kind.kind} ${metadata.name} outside its namespace; pass owner: 'none'`,
      );
    }
    // Blocking asks for the right to update the primary's finalizers, which only owns() declares.
    const blockOwnerDeletion = controller.owns.some((owned) => kindId(owned) === kindId(kind));
    const reference = {
      apiVersion: apiVersionOf(controller.primary),
      kind: controller.primary.kind,
      name,
      uid,
      controller: true,
      ...(blockOwnerDeletion && { blockOwnerDeletion }),
    };
    return { ownerReferences: [...(metadata.ownerReferences ?? []).filter((other) => other.uid !== uid), reference] };
  }
}

/** The metadata that server-side apply may carry. With a uid it changes that object only, and makes none anew. */
function sentMeta(metadata: ObjectMeta): ObjectMeta {
  const { name, namespace, uid, labels, annotations, ownerReferences, finalizers } = metadata;
  return { name, namespace, uid, labels, annotations, ownerReferences, finalizers };
}

/** Throws TypeError without a uid: a repeated request could hit another object that took the name meanwhile. */
function identified({ metadata }: KubeObject, done: string): ObjectMeta {
  if (metadata.uid !== undefined) return metadata;
  throw new TypeError(`"${metadata.name}" can only be ${done} as read from the cache or the server, with its uid`);
}

/** Adds the uid precondition in the patch's own language. */
function guarded(patch: PatchBody, uid: string | undefined): PatchBody {
  if (uid === undefined) return patch;
  if (patch.type === 'json') {
    const steps: readonly unknown[] = Array.isArray(patch.body) ? patch.body : [];
    return { ...patch, body: [{ op: 'test', path: '/metadata/uid', value: uid }, ...steps] };
  }
  const body = typeof patch.body === 'object' && patch.body !== null ? patch.body : {};
  const metadata: unknown = Reflect.get(body, 'metadata');
  return { ...patch, body: { ...body, metadata: { ...(typeof metadata === 'object' ? metadata : {}), uid } } };
}
