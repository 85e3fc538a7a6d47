/** Remembers what was applied, so that an apply that would change nothing is not sent. */
import { hash } from 'node:crypto';
import type { KubeObject } from '../types.ts';

const memoryMillis = 30 * 60_000;
const largest = 200_000;

interface Entry {
  readonly hash: string;
  readonly uid: string | undefined;
  readonly version: string | undefined;
  readonly at: number;
}

/** One memory a process: keys are kind, object, manager and subresource. */
export class AppliedMemory {
  readonly #entries = new Map<string, Entry>();
  readonly #statuses = new Map<string, { readonly uid: string | undefined; readonly status: object }>();

  /** Whether applying `intent` again to `live` would change nothing. */
  isNoOp(id: string, intent: unknown, live: KubeObject | undefined, now: number): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined || live === undefined) return false;
    if (entry.uid !== live.metadata.uid || entry.hash !== hashOf(intent)) return false;
    const unchanged = entry.version === live.metadata.resourceVersion && now - entry.at < memoryMillis;
    return unchanged || holds(live, intent);
  }

  /** Records the server's answer to an apply; answers the hash of what was applied. */
  remember(id: string, intent: unknown, answer: KubeObject, now: number): string {
    if (this.#entries.size >= largest) this.#entries.clear();
    const { uid, resourceVersion } = answer.metadata;
    const hash = hashOf(intent);
    this.#entries.set(id, { hash, uid, version: resourceVersion, at: now });
    return hash;
  }

  /** Keeps the status that a controller reported of an object, to be said again when a pass fails. */
  keepStatus(id: string, uid: string | undefined, status: object): void {
    if (this.#statuses.size >= largest) this.#statuses.clear();
    this.#statuses.set(id, { uid, status });
  }

  /** The status kept, unless the object is another one by now. */
  keptStatus(id: string, uid: string | undefined): object | undefined {
    const kept = this.#statuses.get(id);
    return kept?.uid === uid ? kept?.status : undefined;
  }

  /** Lets the kept status of an object that is gone go. */
  dropStatus(id: string): void {
    this.#statuses.delete(id);
  }
}

/** Equal for equal content, whatever the order of its fields. */
export function hashOf(value: unknown): string {
  return hash('sha1', stableJson(value), 'base64');
}

/** JSON with sorted keys and without undefined values. */
export function stableJson(value: unknown): string {
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
