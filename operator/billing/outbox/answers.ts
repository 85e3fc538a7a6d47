import type { Store } from '../../store/index.ts';
import { type Answer, finish } from './repository.ts';

/** Stores answers as they come: what comes while a transaction commits goes into the next, so that each waits for two at most. */
export class Answers {
  readonly #store: Store;
  #waiting: Answer[] = [];
  /** Ends when what waits now is stored. */
  #next: Promise<void> | undefined;
  #running: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves when the answer is committed; rejects, with all others of its transaction, when it cannot be. */
  put(answer: Answer): Promise<void> {
    this.#waiting.push(answer);
    this.#next ??= this.#commit();
    return this.#next;
  }

  async #commit(): Promise<void> {
    const before = this.#running;
    const mine = before.then(async () => {
      const answers = this.#waiting;
      [this.#waiting, this.#next] = [[], undefined];
      await finish(this.#store, answers);
    });
    this.#running = mine.catch(() => undefined);
    await mine;
  }
}
