import type { World } from '../world.ts';
import type { Delivery } from './records.ts';
import { signature } from './signature.ts';

const patienceMillis = 10_000;
/** "Up to three days with an exponential back off" (https://docs.stripe.com/webhooks); the steps are ours. */
const retrySeconds = [300, 1800, 7200, 18_000, 36_000, 43_200, 43_200, 43_200, 43_200] as const;

/** Sends what is due, one after the other to each receiver, until nothing is. */
export class Deliverer {
  readonly #world: World;
  readonly #busy = new Map<string, Promise<void>>();
  /** Deliveries that are not over: most are, and time is looked at with every call. */
  readonly #open = new Map<string, Delivery>();

  constructor(world: World) {
    this.#world = world;
    world.state.watch('delivery', (after, before) => {
      if (before !== undefined) this.#open.delete(before.id);
      if (after?.state === 'due') this.#open.set(after.id, after);
    });
  }

  /** Starts what is due; does not wait for it. */
  start(): void {
    for (const url of new Set(this.#due().map((delivery) => delivery.url))) {
      if (this.#busy.has(url)) continue;
      const work = this.#drain(url).finally(() => this.#busy.delete(url));
      this.#busy.set(url, work);
    }
  }

  /** Resolves when nothing is due and nothing on its way. */
  async settled(): Promise<void> {
    for (;;) {
      this.start();
      if (this.#busy.size === 0) return;
      await Promise.all(this.#busy.values());
    }
  }

  #due(): readonly Delivery[] {
    const now = this.#world.clock.seconds();
    return [...this.#open.values()].filter(({ due }) => due <= now).toSorted((a, b) => a.order - b.order);
  }

  async #drain(url: string): Promise<void> {
    for (;;) {
      const next = this.#due().find((delivery) => delivery.url === url);
      if (next === undefined) return;
      const at = this.#world.clock.seconds();
      const status = await post(next, payloadOf(this.#world, next), at);
      this.#world.state.put('delivery', after(next, at, status));
    }
  }
}

/** What is sent: a snapshot whole, a thin event without its data. */
function payloadOf({ state }: World, { event }: Delivery): string {
  const thin = state.get('thin_event', event);
  if (thin === undefined) return JSON.stringify(state.get('event', event));
  const { data: _data, ...notification } = thin;
  return JSON.stringify(notification);
}

async function post({ url, secret }: Delivery, body: string, seconds: number): Promise<number | null> {
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'stripe-signature': signature(body, secret, seconds),
  };
  try {
    const signal = AbortSignal.timeout(patienceMillis);
    const response = await fetch(url, { method: 'POST', body, headers, signal, redirect: 'manual' });
    await response.arrayBuffer();
    return response.status;
  } catch {
    // Whatever it was, the receiver did not answer: that is what the attempt says.
    return null;
  }
}

function after(delivery: Delivery, at: number, status: number | null): Delivery {
  const attempts = [...delivery.attempts, { at, status }];
  if (status !== null && status >= 200 && status < 300) return { ...delivery, attempts, state: 'delivered' };
  const wait = retrySeconds[delivery.attempts.length];
  return wait === undefined ? { ...delivery, attempts, state: 'failed' } : { ...delivery, attempts, due: at + wait };
}
