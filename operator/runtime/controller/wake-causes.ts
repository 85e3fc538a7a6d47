/** Tells passes that only their own writes woke from those that something else woke. */
import type { CacheEvent } from '../cache/informer.ts';
import type { KubeObject } from '../types.ts';

const mostVersions = 5_000;

/** One a controller. A change that is told before the answer to the write arrives counts as someone else's. */
export class WakeCauses {
  readonly #versions = new Set<string>();
  readonly #causes = new Map<string, 'own' | 'other'>();

  /** The server's answer to a write of this controller. */
  wrote({ metadata }: KubeObject): void {
    if (metadata.resourceVersion === undefined) return;
    this.#versions.add(metadata.resourceVersion);
    if (this.#versions.size <= mostVersions) return;
    for (const oldest of this.#versions) {
      this.#versions.delete(oldest);
      return;
    }
  }

  /** The change has woken the key. */
  woke(key: string, event: CacheEvent): void {
    const own = event.kind !== 'deleted' && this.#versions.has(event.now.metadata.resourceVersion ?? '');
    if (own && this.#causes.get(key) !== 'other') this.#causes.set(key, 'own');
    if (!own) this.#causes.set(key, 'other');
  }

  /** Whether only own writes have woken the key since the last call. */
  take(key: string): boolean {
    const cause = this.#causes.get(key);
    this.#causes.delete(key);
    return cause === 'own';
  }
}
