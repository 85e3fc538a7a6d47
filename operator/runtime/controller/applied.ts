/** Remembers what was applied, so that an apply that would change nothing is not sent. */
import { hash } from 'node:crypto';
import { keyText, kindId } from '../kinds.ts';
import type { Key, Kind, KubeObject } from '../types.ts';

const memoryMillis = 30 * 60_000;
/** Most objects that are remembered as gone; the oldest are forgotten first. */
const GONE = 10_000;

interface Entry {
  readonly hash: string;
  /** Of the intent as it came: the same pass says the same in the same order, and sorting takes most of a hash. */
  readonly plainHash: string;
  readonly version: string | undefined;
  readonly at: number;
}

/** What is remembered of one object, by the part that was applied: the manager and the subresource. */
interface Remembered {
  readonly uid: string | undefined;
  readonly entries: Map<string, Entry>;
  readonly statuses: Map<string, object>;
}

/** One memory a process, by the kind and key of objects. It is as large as the cache: an object that goes is dropped. */
export class AppliedMemory {
  readonly #objects = new Map<string, Remembered>();
  /** Uid of the controller owner under which an object went, until it is there again. */
  readonly #gone = new Map<string, string>();

  /**
   * Whether applying `intent` again to `live` would change nothing: nobody has touched the object since, or everything
   * wanted is there. The latter counts for half an hour, because a field that another manager took over and put back
   * looks the same and is no longer ours.
   */
  isNoOp(object: string, part: string, intent: unknown, live: KubeObject, now: number): boolean {
    const known = this.#objects.get(object);
    const entry = known?.entries.get(part);
    if (entry === undefined || known?.uid !== live.metadata.uid || !isSame(entry, intent)) return false;
    if (entry.version === live.metadata.resourceVersion) return true;
    return now - entry.at < memoryMillis && holds(live, intent);
  }

  /** To be called before something is sent: if no answer comes, nobody knows what was applied last. */
  sending(object: string, part: string): void {
    this.#objects.get(object)?.entries.delete(part);
  }

  /** Records the server's answer to an apply; answers the hash of what was applied. */
  remember(object: string, part: string, intent: unknown, answer: KubeObject, now: number): string {
    const hash = hashOf(intent);
    const entry = { hash, plainHash: plainHashOf(intent), version: answer.metadata.resourceVersion, at: now };
    this.#gone.delete(object);
    this.#of(object, answer.metadata.uid).entries.set(part, entry);
    return hash;
  }

  /** Keeps the status that a controller reported of an object, to be said again when a pass fails. */
  keepStatus(object: string, part: string, uid: string | undefined, status: object): void {
    this.#of(object, uid).statuses.set(part, status);
  }

  /** The status kept, unless the object is another one by now. */
  keptStatus(object: string, part: string, uid: string | undefined): object | undefined {
    const known = this.#objects.get(object);
    return known?.uid === uid ? known?.statuses.get(part) : undefined;
  }

  /** Forgets an object that is gone, but for whose it was. */
  drop(object: string, last?: KubeObject): void {
    this.#objects.delete(object);
    const owner = last?.metadata.ownerReferences?.find(({ controller }) => controller === true);
    if (owner === undefined) return;
    const [oldest] = this.#gone.keys();
    if (this.#gone.size >= GONE && oldest !== undefined) this.#gone.delete(oldest);
    this.#gone.set(object, owner.uid);
  }

  /** Whether the object went while this was its controller owner: the owner may be gone too, and the news still on its way. */
  wentUnder(object: string, owner: string | undefined): boolean {
    return owner !== undefined && this.#gone.get(object) === owner;
  }

  #of(object: string, uid: string | undefined): Remembered {
    const known = this.#objects.get(object);
    if (known !== undefined && known.uid === uid) return known;
    const made = { uid, entries: new Map(), statuses: new Map() };
    this.#objects.set(object, made);
    return made;
  }
}

/** Names an object in the memory. */
export function objectId(kind: Kind<KubeObject>, key: Key): string {
  return `${kindId(kind)}|${keyText(key)}`;
}

function isSame(entry: Entry, intent: unknown): boolean {
  return entry.plainHash === plainHashOf(intent) || entry.hash === hashOf(intent);
}

function plainHashOf(value: unknown): string {
  return hash('sha1', JSON.stringify(value), 'base64');
}

/** Equal for equal content, whatever the order of its fields. */
export function hashOf(value: unknown): string {
  return hash('sha1', stableJson(value), 'base64');
}

/** JSON with sorted keys and without undefined values. */
function stableJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/**
 * Lists of Kubernetes whose entries have owners of their own. Any other list may be atomic, even if its entries have
 * names: there an entry of someone else, or another order, is a difference.
 */
const shared: ReadonlySet<string> = new Set([
  'conditions',
  'containers',
  'env',
  'imagePullSecrets',
  'initContainers',
  'ownerReferences',
  'schedulingGates',
  'volumes',
]);

/** Whether every leaf of `wanted`, the value of field `name`, is already in `live`. Shared lists match by key, others must be equal. */
export function holds(live: unknown, wanted: unknown, name = ''): boolean {
  if (wanted === undefined) return true;
  if (Array.isArray(wanted)) return Array.isArray(live) && holdsList(live, wanted, name);
  if (typeof wanted !== 'object' || wanted === null) return live === wanted;
  if (typeof live !== 'object' || live === null) return false;
  return Object.entries(wanted).every(([key, value]) => holds(Reflect.get(live, key), value, key));
}

function holdsList(live: readonly unknown[], wanted: readonly unknown[], name: string): boolean {
  const key = shared.has(name) ? listKey(wanted) : undefined;
  if (key === undefined) {
    return live.length === wanted.length && wanted.every((item, index) => holds(live[index], item));
  }
  return wanted.every((item) => live.some((other) => field(other, key) === field(item, key) && holds(other, item)));
}

/** The field that names the items of a list, as structured merge would. */
export function listKey(items: readonly unknown[]): string | undefined {
  return ['type', 'uid', 'name', 'key'].find(
    (key) => items.length > 0 && items.every((item) => typeof field(item, key) === 'string'),
  );
}

function field(item: unknown, key: string): unknown {
  return typeof item === 'object' && item !== null ? Reflect.get(item, key) : undefined;
}
