import { page, type Route } from './exchange.ts';
import { map, text } from './form.ts';
import type { Memory, StoredObject } from './memory.ts';
import { missing } from './refusal.ts';

/** Kinds that are stored and given back, with the prefix of their ids and what they require. */
const kinds = {
  customer: { prefix: 'cus', required: [] },
  product: { prefix: 'prod', required: ['name'] },
  price: { prefix: 'price', required: ['currency'] },
} as const;

/** A kind that is stored and given back. */
export type StoredKind = keyof typeof kinds;

/** POST /v1/KINDs */
export function createObject(kind: StoredKind): Route {
  return ({ memory, clock, form }) => {
    for (const name of kinds[kind].required) text(form, name);
    const flat = Object.fromEntries([...form].filter(([name]) => !name.includes('[')));
    const value: StoredObject = {
      ...flat,
      ...{ id: memory.id(kinds[kind].prefix), object: kind, created: clock.seconds(), livemode: false },
      metadata: map(form, 'metadata'),
    };
    memory.write({ kind: 'object', value });
    return value;
  };
}

/** GET /v1/KINDs/ID */
export function showObject(kind: StoredKind): Route {
  return ({ memory, id }) => {
    const found = memory.objects.get(id);
    if (found?.object !== kind) throw missing(kind, id);
    return found;
  };
}

/** GET /v1/KINDs */
export function listObjects(kind: StoredKind): Route {
  return ({ memory, form }) => {
    const found = [...memory.objects.values()].filter(({ object }) => object === kind);
    return page(form, `/v1/${kind}s`, found.toReversed());
  };
}

/** Makes a customer with a chosen id, which Stripe itself does not offer; for worlds that name their customers. */
export function seedCustomer(memory: Memory, id: string, seconds: number): void {
  if (memory.objects.has(id)) return;
  memory.write({ kind: 'object', value: { id, object: 'customer', created: seconds, livemode: false, metadata: {} } });
}
