import { Refusal } from './refusal.ts';

/** Calls on their way: Stripe takes one at a time for a customer and meter, and for an idempotency key. */
export class Flights {
  readonly #flying = new Set<string>();
  readonly #status: 409 | 429;

  /** `status` is the answer to a second call for one customer and meter. */
  constructor(status: 409 | 429) {
    this.#status = status;
  }

  /** Does the work unless one of these is on its way. */
  async alone<R>(usage: readonly string[], idempotencyKey: string | undefined, work: () => Promise<R>): Promise<R> {
    const key = idempotencyKey === undefined ? [] : [`key ${idempotencyKey}`];
    if (usage.some((one) => this.#flying.has(one))) {
      const message = 'Another request for this customer and meter is in progress.';
      throw new Refusal(this.#status, message, { code: this.#status === 409 ? 'lock_timeout' : 'rate_limit' });
    }
    if (key.some((one) => this.#flying.has(one))) {
      const message = 'There is currently another in-progress request using this Idempotent Key.';
      throw new Refusal(409, message, { code: 'idempotency_key_in_use' });
    }
    const names = [...usage, ...key];
    for (const name of names) this.#flying.add(name);
    try {
      return await work();
    } finally {
      for (const name of names) this.#flying.delete(name);
    }
  }
}
