import { apply, as, type Conversation, create, get, note, patch, put, toy } from '../conversation.ts';

/** Asks who owns what: the refusal names an owner for each field. */
const whoOwns = (path: string, body: object): ReturnType<typeof apply> => apply(path, 'asker', body);
const ready = (status: string): object => ({ conditions: [{ type: 'Ready', status }] });
const withStatus = (status: object): object => ({ ...toy('a', {}), spec: undefined, status });

/** Server-side apply: managers, transfer, force, removal of what is no longer wanted. */
export const applies: readonly Conversation[] = [
  {
    name: 'apply',
    steps: [
      apply('toys/a', 'one', toy('a', { size: 1, color: 'red' })),
      apply('toys/a', 'one', toy('a', { size: 1, color: 'red' })),
      apply('toys/a', 'two', toy('a', { size: 2 })),
      apply('toys/a', 'two', toy('a', { size: 1 })),
      apply('toys/a', 'one', toy('a', { color: 'red' })),
      whoOwns('toys/a', toy('a', { size: 9, color: 'x' })),
      apply('toys/a', 'two', toy('a', { size: 2, color: 'blue' }), 'force'),
      whoOwns('toys/a', toy('a', { size: 9, color: 'x' })),
      apply('toys/a', 'two', toy('a', { size: 2 })),
      get('toys/a'),
      apply('toys/a', 'one', toy('a', { color: 'green' })),
      apply('toys/a', 'two', toy('a', {})),
      get('toys/a'),
    ],
  },
  {
    name: 'apply-maps',
    steps: [
      apply('configmaps/a', 'one', note('a', { a: '1', b: '2' }, { labels: { x: '1' } })),
      apply('configmaps/a', 'two', note('a', { c: '3' }, { labels: { y: '2' } })),
      apply('configmaps/a', 'one', note('a', { a: '1' })),
      apply('configmaps/a', 'one', { ...note('a', {}), data: undefined }),
      apply('configmaps/a', 'two', { ...note('a', {}), data: undefined }),
      apply('toys/a', 'one', toy('a', { extra: { a: '1', b: '2' }, tags: ['x', 'y'] })),
      apply('toys/a', 'two', toy('a', { extra: { c: '3' } })),
      apply('toys/a', 'two', toy('a', { tags: ['x'] })),
      apply('toys/a', 'two', toy('a', { tags: ['z'] }), 'force'),
      apply('toys/a', 'one', toy('a', {})),
    ],
  },
  {
    name: 'apply-metadata',
    steps: [
      create('toys', toy('owner', {})),
      apply('toys/a', 'one', toy('a', {}, { finalizers: ['example.com/one'] })),
      apply('toys/a', 'two', toy('a', {}, { finalizers: ['example.com/two'], annotations: { a: 'b' } })),
      apply('toys/a', 'one', toy('a', {})),
      apply('toys/a', 'two', toy('a', {})),
      apply('toys/a', 'one', toy('a', {}, { uid: 'another' })),
      apply('toys/none', 'one', toy('none', {}, { uid: 'another' })),
      apply('toys/a', 'one', toy('a', {}, { resourceVersion: '1' })),
      apply('toys/b', 'one', toy('a', {})),
      { ...apply('toys/a', 'one', toy('a', {})), query: {} },
      apply('toys/a', 'one', toy('a', {}, { managedFields: [{ manager: 'one', operation: 'Apply' }] })),
    ],
  },
  {
    name: 'apply-and-update',
    steps: [
      create('toys', toy('a', { size: 1, color: 'red' }), { fieldManager: 'maker' }),
      whoOwns('toys/a', toy('a', { size: 9, color: 'x' })),
      apply('toys/a', 'maker', toy('a', { size: 1 })),
      apply('toys/a', 'maker', toy('a', {})),
      patch('merge', 'toys/a', { spec: { size: 2, extra: { a: '1' } } }, { fieldManager: 'patcher' }),
      whoOwns('toys/a', toy('a', { size: 9, color: 'x', extra: { a: 'x' } })),
      apply('toys/a', 'one', toy('a', { size: 3, color: 'green' }), 'force'),
      whoOwns('toys/a', toy('a', { size: 9, color: 'x', extra: { a: 'x' } })),
      patch('merge', 'toys/a', { spec: { color: null } }, { fieldManager: 'patcher' }),
      apply('toys/a', 'two', toy('a', { color: 'white' })),
      apply('toys/a', 'one', toy('a', { size: 3 })),
      as('last', get('toys/a')),
      put('toys/a', toy('a', { size: 4 }, { resourceVersion: '{last.metadata.resourceVersion}' }), {
        fieldManager: 'putter',
      }),
      whoOwns('toys/a', toy('a', { size: 9, color: 'x', extra: { a: 'x' } })),
    ],
  },
  {
    name: 'apply-status',
    steps: [
      apply('toys/a/status', 'one', withStatus(ready('True'))),
      apply('toys/a', 'one', { ...toy('a', { size: 1 }), status: { size: 9 } }),
      apply('toys/a/status', 'one', withStatus({ size: 1, ...ready('True') })),
      apply('toys/a/status', 'two', withStatus({ conditions: [{ type: 'Seen', status: 'True' }] })),
      apply('toys/a/status', 'two', withStatus(ready('False'))),
      apply('toys/a/status', 'one', withStatus(ready('True'))),
      apply('toys/a/status', 'one', withStatus(ready('True'))),
      apply('toys/a/status', 'one', withStatus({})),
      apply('toys/a', 'one', toy('a', { size: 1 })),
      apply('toys/a/status', 'two', { ...toy('a', { size: 7 }), status: ready('Unknown') }),
      patch('merge', 'toys/a/status', { status: { size: 4 } }, { fieldManager: 'patcher' }),
      apply('toys/a/status', 'two', withStatus({ size: 5 })),
      apply('toys/a/status', 'two', withStatus({ size: 5 }), 'force'),
    ],
  },
];
