/** Keys that may be taken now: a FIFO for each priority, the highest first. */
export class Ready {
  readonly #lanes = new Map<number, Lane>();
  #order: readonly Lane[] = [];

  push(key: string, priority: number): void {
    const known = this.#lanes.get(priority);
    if (known !== undefined) {
      known.push(key);
      return;
    }
    const lane = new Lane();
    lane.push(key);
    this.#lanes.set(priority, lane);
    this.#order = [...this.#lanes].sort(([a], [b]) => b - a).map(([, each]) => each);
  }

  remove(key: string, priority: number): void {
    this.#lanes.get(priority)?.remove(key);
  }

  /** Takes the oldest key of the highest priority. */
  shift(): string | undefined {
    for (const lane of this.#order) {
      const key = lane.shift();
      if (key !== undefined) return key;
    }
    return undefined;
  }

  depth(): ReadonlyMap<number, number> {
    return new Map([...this.#lanes].map(([priority, lane]) => [priority, lane.size]));
  }
}

const compactAt = 1_024;

/**
 * A FIFO of distinct keys that takes from the front at constant cost. A Set alone would not do: each look at its front
 * passes over the holes that were left there.
 */
class Lane {
  readonly #places = new Map<string, number>();
  #keys: string[] = [];
  #head = 0;
  /** How many keys were cut off the front. */
  #cut = 0;

  get size(): number {
    return this.#places.size;
  }

  push(key: string): void {
    if (this.#places.has(key)) return;
    this.#places.set(key, this.#cut + this.#keys.length);
    this.#keys.push(key);
  }

  remove(key: string): void {
    this.#places.delete(key);
  }

  shift(): string | undefined {
    while (this.#head < this.#keys.length) {
      const place = this.#cut + this.#head;
      const key = this.#keys[this.#head] ?? '';
      this.#head += 1;
      this.#compact();
      // A key that was removed, or removed and added again, has left its old place behind.
      if (this.#places.get(key) !== place) continue;
      this.#places.delete(key);
      return key;
    }
    return undefined;
  }

  #compact(): void {
    if (this.#head < compactAt || this.#head * 2 < this.#keys.length) return;
    this.#keys = this.#keys.slice(this.#head);
    this.#cut += this.#head;
    this.#head = 0;
  }
}
