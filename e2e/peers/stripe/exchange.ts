import { missing } from './http/refusal.ts';
import type { paging } from './params/common.ts';
import { type ReadFields, readFields, type Shape } from './params/shape.ts';
import type { World } from './world.ts';

/** What a route gets. */
export interface Call {
  readonly world: World;
  /** Parameters as they came, by name. */
  readonly given: ReadonlyMap<string, unknown>;
  /** What the stars of the route's path matched, in order. */
  readonly ids: readonly string[];
  /** The key that the request was made with. */
  readonly token: string;
  /** The request's idempotency key, which events repeat. */
  readonly idempotencyKey: string | null;
}

/** A route answers with an object of Stripe's API, or throws `Refusal`. */
export type Route = (call: Call) => object;

/** An object as it is answered. */
export interface Shown {
  readonly id: string;
  readonly [field: string]: unknown;
}

/** The only id in the path. */
export function idOf(call: Call): string {
  return call.ids[0] ?? '';
}

/** Reads the parameters of a call; refuses what Stripe does not know. */
export function params<F extends Readonly<Record<string, Shape<unknown>>>>(call: Call, fields: F): ReadFields<F> {
  return readFields(fields, call.given);
}

/** Stripe's list object of a page, newest first, with `limit` (1 to 100, default 10), `starting_after`, `ending_before`. */
export function page<T extends { readonly id: string }>(
  asked: ReadFields<typeof paging>,
  url: string,
  oldestFirst: readonly T[],
): object {
  const items = oldestFirst.toReversed();
  const limit = asked.limit ?? 10;
  const place = (id: string, param: string): number => {
    const index = items.findIndex((item) => item.id === id);
    if (index < 0) throw missing('object', id, param, 400);
    return index;
  };
  if (asked.ending_before !== undefined) {
    const before = items.slice(0, place(asked.ending_before, 'ending_before'));
    return { object: 'list', url, has_more: before.length > limit, data: before.slice(-limit) };
  }
  const from = asked.starting_after === undefined ? 0 : place(asked.starting_after, 'starting_after') + 1;
  return { object: 'list', url, has_more: items.length > from + limit, data: items.slice(from, from + limit) };
}
