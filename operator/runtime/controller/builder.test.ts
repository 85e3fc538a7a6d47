import { expect, test } from 'vitest';
import type { Kind, KubeObject } from '../types.ts';
import { controller, singleton } from './builder.ts';

interface Toy extends KubeObject {
  readonly spec: { readonly size: number };
  readonly status?: { readonly size: number };
}
interface Thing extends KubeObject {
  readonly data?: Readonly<Record<string, string>>;
}
const Toy: Kind<Toy> = {
  group: 'example.com',
  version: 'v1',
  kind: 'Toy',
  plural: 'toys',
  scope: 'Namespaced',
  project: (toy) => toy,
};
const Thing: Kind<Thing> = { group: '', version: 'v1', kind: 'Thing', plural: 'things', scope: 'Namespaced' };

test('a controller reads as a sentence and becomes a plain description', () => {
  const made = controller(Toy)
    .owns(Thing)
    .watches(Thing, (thing) => [{ name: thing.data?.toy ?? '' }], { when: (now, before) => now.data !== before.data })
    .index(Toy, 'size', (toy) => [String(toy.spec.size)])
    .concurrency(4)
    .every('10m')
    .timeout('30s')
    .debounce('250ms')
    .finalizer('example.com/toy', async () => undefined)
    .reconcile(async (toy) => ({
      status: { size: toy.spec.size, conditions: [{ type: 'Ready', status: 'True', reason: 'Done', message: '' }] },
      after: 5,
    }));
  expect(made).toMatchObject({
    name: 'toy',
    primary: Toy,
    owns: [Thing],
    concurrency: 4,
    everyMillis: 600_000,
    timeoutMillis: 30_000,
    debounceMillis: 250,
    finalizer: { name: 'example.com/toy' },
  });
  expect(made.watches).toHaveLength(1);
});

test('a singleton has one key whatever changes', () => {
  const made = singleton('planner')
    .watches(Thing)
    .debounce('1s')
    .reconcile(async () => undefined);
  const reader = { get: () => undefined, list: () => [] };
  expect(made.watches[0]?.map({ metadata: { name: 'x' } }, reader)).toEqual([{ name: 'planner' }]);
  expect(made.primary).toBeUndefined();
});

test('a malformed duration is refused with the text received', () => {
  expect(() => controller(Toy).every('10 minutes')).toThrow('duration "10 minutes" is malformed');
});
