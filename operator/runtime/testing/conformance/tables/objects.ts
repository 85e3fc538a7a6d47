import { apply, as, type Conversation, create, get, note, only, patch, put, remove, toy } from '../conversation.ts';
import { pod } from './pods.ts';

/** Create, read, replace: who is refused and in which words. */
export const objects: readonly Conversation[] = [
  {
    name: 'create',
    steps: [
      get('toys/a'),
      only(['items', 'apiVersion'], get('toys')),
      create('toys', toy('a', { size: 1 })),
      create('toys', toy('a', { size: 2 })),
      get('toys/a'),
      create('toys', { ...toy('', {}), metadata: {} }),
      create('toys', toy('b', { size: 1 }, { resourceVersion: '5' })),
      create('toys', toy('c', {}, { uid: 'mine', generation: 7, creationTimestamp: '2020-01-01T00:00:00Z' })),
      create('configmaps', note('a', { key: 'value' })),
      create('configmaps', note('a', { key: 'value' })),
      get('configmaps/b'),
      get('gadgets/a'),
      create('gadgets', { apiVersion: 'talk.gpuoptimizer.io/v1', kind: 'Gadget', metadata: { name: 'a' } }),
    ],
  },
  {
    name: 'update',
    steps: [
      as('first', create('toys', toy('a', { size: 1 }))),
      put('toys/a', toy('a', { size: 2 })),
      as('second', put('toys/a', toy('a', { size: 2 }, { resourceVersion: '{first.metadata.resourceVersion}' }))),
      put('toys/a', toy('a', { size: 3 }, { resourceVersion: '{first.metadata.resourceVersion}' })),
      put('toys/a', toy('a', { size: 2 }, { resourceVersion: '{second.metadata.resourceVersion}' })),
      only(
        ['reason', 'code', 'details'],
        put('toys/a', toy('a', {}, { resourceVersion: '{second.metadata.resourceVersion}', uid: 'another' })),
      ),
      put('toys/a', toy('b', {}, { resourceVersion: '{second.metadata.resourceVersion}' })),
      put('toys/none', toy('none', {}, { resourceVersion: '{second.metadata.resourceVersion}' })),
      as('map', create('configmaps', note('a', { key: 'one' }))),
      put('configmaps/a', note('a', { key: 'two' })),
      put('configmaps/a', note('a', { key: 'three' }, { resourceVersion: '{map.metadata.resourceVersion}' })),
      get('configmaps/a'),
    ],
  },
  {
    name: 'generation',
    steps: [
      create('toys', { ...toy('a', { size: 1 }), status: { size: 9 } }),
      patch('merge', 'toys/a', { metadata: { labels: { a: 'b' } } }),
      patch('merge', 'toys/a', { spec: { size: 2 } }),
      patch('merge', 'toys/a', { spec: { size: 2 } }),
      patch('merge', 'toys/a/status', { status: { size: 2 } }),
      patch('merge', 'toys/a/status', { spec: { size: 8 }, metadata: { labels: { a: 'c' } }, status: { size: 3 } }),
      patch('merge', 'toys/a', { spec: { size: 3 }, status: { size: 7 } }),
      patch('merge', 'toys/a', { metadata: { generation: 99 } }),
      get('toys/a/status'),
      create('configmaps', note('a', { key: 'one' })),
      patch('merge', 'configmaps/a', { data: { key: 'two' } }),
    ],
  },
  {
    name: 'deletion',
    steps: [
      as('a', create('toys', toy('a', { size: 1 }))),
      remove('toys/a', { uid: 'another' }),
      remove('toys/a', { resourceVersion: '1' }),
      get('toys/a'),
      remove('toys/a', { uid: '{a.metadata.uid}', resourceVersion: '{a.metadata.resourceVersion}' }),
      remove('toys/a'),
      get('toys/a'),
      create('configmaps', note('a', {})),
      remove('configmaps/a'),
      create('toys', toy('held', { size: 1 }, { finalizers: ['example.com/one', 'example.com/two'] })),
      remove('toys/held'),
      remove('toys/held'),
      patch('merge', 'toys/held', { metadata: { finalizers: ['example.com/one', 'example.com/three'] } }),
      patch('merge', 'toys/held', { spec: { size: 2 } }),
      patch('merge', 'toys/held', { metadata: { finalizers: ['example.com/two'] } }),
      create('toys', toy('held', {})),
      patch('merge', 'toys/held', { metadata: { finalizers: null } }),
      get('toys/held'),
      create('toys', toy('held', { size: 3 })),
    ],
  },
  {
    name: 'identity',
    steps: [
      as('a', create('configmaps', note('a', {}))),
      patch('merge', 'configmaps/a', { metadata: { uid: 'another' }, data: { key: 'value' } }),
      patch('strategic', 'configmaps/a', { metadata: { uid: 'another' }, data: { key: 'value' } }),
      patch('strategic', 'configmaps/a', { metadata: { uid: '{a.metadata.uid}' }, data: { key: 'value' } }),
      apply('configmaps/a', 'one', note('a', { key: 'other' }, { uid: 'another' }), 'force'),
      apply('configmaps/a', 'one', note('a', { key: 'other' }, { uid: '{a.metadata.uid}' }), 'force'),
      only(['metadata.name'], create('pods', pod('a', { gates: ['example.com/one'] }))),
      patch('strategic', 'pods/a', { metadata: { uid: 'another' }, spec: { schedulingGates: null } }),
      patch('strategic', 'pods/a/status', { metadata: { uid: 'another' }, status: { message: 'hello' } }),
      only(['reason', 'code', 'details'], put('configmaps/a', note('a', {}, { uid: 'another' }))),
      apply('toys/b', 'one', { ...toy('b', { size: 1 }), status: { size: 1 } }, 'force'),
      apply('toys/b/status', 'one', { ...toy('b', {}, { uid: 'another' }), status: { size: 1 } }, 'force'),
      patch('merge', 'toys/b/status', { metadata: { uid: 'another' }, status: { size: 1 } }),
    ],
  },
  {
    name: 'owners',
    steps: [
      as('one', create('toys', toy('one', {}))),
      as('two', create('toys', toy('two', {}))),
      create(
        'configmaps',
        note('a', {}, { ownerReferences: [owner('one', true), { ...owner('two', true), blockOwnerDeletion: true }] }),
      ),
      create('configmaps', note('a', {}, { ownerReferences: [owner('one', true), owner('two', false)] })),
      patch('merge', 'configmaps/a', { metadata: { ownerReferences: [owner('two', true)] } }),
      patch('strategic', 'configmaps/a', { metadata: { ownerReferences: [owner('one', false)] } }),
    ],
  },
];

function owner(name: string, controller: boolean): object {
  return { apiVersion: 'talk.gpuoptimizer.io/v1', kind: 'Toy', name, uid: `{${name}.metadata.uid}`, controller };
}
