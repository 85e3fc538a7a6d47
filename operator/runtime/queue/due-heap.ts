/** Keys by the time at which they are due: a binary heap, so that ten thousand periodic keys cost little. */
export interface Due {
  readonly key: string;
  /** Milliseconds of the monotonic clock. */
  readonly due: number;
}

/** Earliest first. A key may stand in it several times; the owner knows which one counts. */
export class DueHeap {
  #items: Due[] = [];

  get size(): number {
    return this.#items.length;
  }

  /** Keeps those that still count. */
  retain(counts: (item: Due) => boolean): void {
    const kept = this.#items.filter(counts);
    this.#items = [];
    for (const item of kept) this.push(item);
  }

  /** The earliest, without taking it. */
  peek(): Due | undefined {
    return this.#items[0];
  }

  push(item: Due): void {
    let index = this.#items.push(item) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.#dueAt(parent) <= item.due) break;
      this.#swap(index, parent);
      index = parent;
    }
  }

  /** Takes the earliest. */
  pop(): Due | undefined {
    const first = this.#items[0];
    const last = this.#items.pop();
    if (last === undefined || this.#items.length === 0) return first;
    this.#items[0] = last;
    this.#sink();
    return first;
  }

  #sink(): void {
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      const child = this.#dueAt(right) < this.#dueAt(left) ? right : left;
      if (this.#dueAt(child) >= this.#dueAt(index)) return;
      this.#swap(index, child);
      index = child;
    }
  }

  #dueAt(index: number): number {
    return this.#items[index]?.due ?? Number.POSITIVE_INFINITY;
  }

  #swap(a: number, b: number): void {
    const [x, y] = [this.#items[a], this.#items[b]];
    if (x === undefined || y === undefined) return;
    this.#items[a] = y;
    this.#items[b] = x;
  }
}
