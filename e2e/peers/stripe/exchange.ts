import type { Form } from './form.ts';
import type { Memory } from './memory.ts';
import type { PeerClock } from './peer-clock.ts';
import type { PeerSettings } from './settings.ts';

/** What a route gets. */
export interface Call {
  readonly memory: Memory;
  readonly clock: PeerClock;
  readonly settings: PeerSettings;
  readonly form: Form;
  /** The part of the path that the route's star matched. */
  readonly id: string;
}

/** A route answers with an object of Stripe's API, or throws `Refusal`. */
export type Route = (call: Call) => object;

/** Stripe's list object of a page, newest first, with `limit` (1 to 100, default 10) and `starting_after`. */
export function page(form: Form, url: string, items: readonly { readonly id: string }[]): object {
  const limit = Math.min(100, Math.max(1, Number(form.get('limit') ?? '10')));
  const after = form.get('starting_after');
  const from = after === undefined ? 0 : items.findIndex(({ id }) => id === after) + 1;
  return { object: 'list', url, has_more: items.length > from + limit, data: items.slice(from, from + limit) };
}
