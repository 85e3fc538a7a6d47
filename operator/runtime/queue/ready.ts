/** Keys that may be taken now: a FIFO for each priority, the highest first. */
export class Ready {
  readonly #lanes = new Map<number, Set<string>>();
  #order: readonly number[] = [];

  push(key: string, priority: number): void {
    const lane = this.#lanes.get(priority);
    if (lane !== undefined) {
      lane.add(key);
      return;
    }
    this.#lanes.set(priority, new Set([key]));
    this.#order = [...this.#lanes.keys()].sort((a, b) => b - a);
  }

  remove(key: string, priority: number): void {
    this.#lanes.get(priority)?.delete(key);
  }

  /** Takes the oldest key of the highest priority. */
  shift(): string | undefined {
    for (const priority of this.#order) {
      const lane = this.#lanes.get(priority);
      for (const key of lane ?? []) {
        lane?.delete(key);
        return key;
      }
    }
    return undefined;
  }

  depth(): ReadonlyMap<number, number> {
    return new Map([...this.#lanes].map(([priority, lane]) => [priority, lane.size]));
  }
}
