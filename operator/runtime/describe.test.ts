import { expect, test } from 'vitest';
import { controller, singleton } from './controller/builder.ts';
import { describe } from './describe.ts';
import { Note, Toy } from './testing/toys.ts';
import type { KubeObject } from './types.ts';

const ownerOf = ({ metadata }: KubeObject) => [{ namespace: metadata.namespace, name: metadata.name ?? '' }];
const sizeChanged = (): boolean => true;

test('what a controller declares, as plain data', () => {
  const maker = controller(Toy)
    .owns(Note)
    .watches(Note, ownerOf, { when: sizeChanged })
    .index(Note, 'by-size', () => [])
    .concurrency(4)
    .every('10m')
    .timeout('30s')
    .finalizer('example.com/toy', async () => undefined)
    .reconcile(async () => undefined);
  const [described] = describe([maker]);
  expect(described).toMatchObject({
    name: 'toy',
    primary: 'toys.example.com',
    watches: [{ kind: 'configmaps', wakes: 'ownerOf', when: 'sizeChanged' }],
    owns: ['configmaps'],
    reads: [],
    indexes: [{ kind: 'configmaps', name: 'by-size' }],
    concurrency: 4,
    everyMillis: 600_000,
    timeoutMillis: 30_000,
    finalizer: 'example.com/toy',
    reportsInStatus: true,
  });
  expect(described?.permissions.map(({ resource, verbs }) => `${resource}: ${verbs}`)).toContain('toys: patch');
  expect(structuredClone(described)).toEqual(described);
});

test('a singleton wakes itself, and a predicate without a name is not called by its field', () => {
  const planner = singleton('planner')
    .watches(Toy, { when: () => true })
    .reads(Note)
    .reconcile(async () => undefined);
  expect(describe([planner])[0]).toMatchObject({
    primary: undefined,
    watches: [{ kind: 'toys.example.com', wakes: undefined, when: undefined }],
    reads: ['configmaps'],
    reportsInStatus: false,
  });
});
