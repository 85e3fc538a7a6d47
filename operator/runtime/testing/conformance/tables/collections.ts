import { apply, as, type Conversation, create, get, note, only, patch, remove, toy } from '../conversation.ts';

const watchList = {
  sendInitialEvents: 'true',
  resourceVersionMatch: 'NotOlderThan',
  allowWatchBookmarks: 'true',
} as const;
const names = ['a', 'b', 'c', 'd', 'e'] as const;
const five = names.map((name) =>
  create('toys', toy(name, { size: 1 }, { labels: { half: name < 'c' ? 'first' : 'second' } })),
);

/** Lists, pages and watches. */
export const collectionTalks: readonly Conversation[] = [
  {
    name: 'list',
    steps: [
      create('toys', toy('b', { size: 2 }, { labels: { side: 'left' } })),
      as('a', create('toys', toy('a', { size: 1 }, { labels: { side: 'right', top: 'yes' } }))),
      get('toys'),
      get('toys', { fieldSelector: 'metadata.name=b' }),
      get('toys', { fieldSelector: 'metadata.name!=b' }),
      get('toys', { fieldSelector: 'metadata.name=none' }),
      get('toys', { fieldSelector: 'spec.size=1' }),
      get('toys', { labelSelector: 'side=left' }),
      get('toys', { labelSelector: 'side!=left,top' }),
      get('toys', { labelSelector: 'side in (left,right)' }),
      get('toys', { resourceVersion: '0' }),
      get('toys', { resourceVersion: '{a.metadata.resourceVersion}', resourceVersionMatch: 'NotOlderThan' }),
      patch('merge', 'toys/a', { spec: { size: 5 } }),
      get('toys', { resourceVersion: '{a.metadata.resourceVersion}', resourceVersionMatch: 'Exact' }),
      get('toys', { resourceVersionMatch: 'Exact' }),
      get('toys', { resourceVersion: '99999999', resourceVersionMatch: 'NotOlderThan' }),
      create('configmaps', note('a', {})),
      get('configmaps', { fieldSelector: 'metadata.name=a' }),
    ],
  },
  {
    name: 'pages',
    steps: [
      ...five,
      as('first', get('toys', { limit: '2' })),
      remove('toys/c'),
      create('toys', toy('cc', {})),
      patch('merge', 'toys/d', { spec: { size: 2 } }),
      as('second', get('toys', { limit: '2', continue: '{first.metadata.continue}' })),
      get('toys', { limit: '2', continue: '{second.metadata.continue}' }),
      get('toys', { limit: '9' }),
      get('toys', { limit: '5' }),
      get('toys', { limit: '1', labelSelector: 'half=second' }),
      only(['reason', 'code'], get('toys', { limit: '2', continue: 'nonsense' })),
      get('toys', { limit: '2', continue: '{first.metadata.continue}' }),
    ],
  },
  {
    name: 'watch',
    steps: [
      as('a', create('toys', toy('a', { size: 1 }, { labels: { side: 'left' } }))),
      { watch: 'all', path: 'toys', query: { resourceVersion: '{a.metadata.resourceVersion}' } },
      {
        watch: 'one',
        path: 'toys',
        query: { resourceVersion: '{a.metadata.resourceVersion}', fieldSelector: 'metadata.name=b' },
      },
      {
        watch: 'left',
        path: 'toys',
        query: { resourceVersion: '{a.metadata.resourceVersion}', labelSelector: 'side=left' },
      },
      create('toys', toy('b', { size: 2 })),
      patch('merge', 'toys/a', { spec: { size: 3 } }),
      patch('merge', 'toys/a', { metadata: { labels: { side: 'right' } } }),
      patch('merge', 'toys/a/status', { status: { size: 3 } }),
      patch('merge', 'toys/a', { metadata: { labels: { side: 'left' } } }),
      apply('toys/a', 'one', toy('a', { size: 3 })),
      apply('toys/a', 'one', toy('a', { size: 3 })),
      remove('toys/b'),
      { hear: 'all', frames: 7 },
      { hear: 'one', frames: 2 },
      { hear: 'left', frames: 4 },
      { watch: 'late', path: 'toys', query: { resourceVersion: '{a.metadata.resourceVersion}' } },
      { hear: 'late', frames: 7 },
      { watch: 'ancient', path: 'toys', query: { resourceVersion: '1' } },
      { hear: 'ancient', frames: 1 },
    ],
  },
  {
    name: 'watch-deletion',
    steps: [
      as('a', create('toys', toy('a', { size: 1 }, { finalizers: ['example.com/one'] }))),
      { watch: 'all', path: 'toys', query: { resourceVersion: '{a.metadata.resourceVersion}' } },
      remove('toys/a'),
      patch('merge', 'toys/a', { metadata: { finalizers: null } }),
      create('toys', toy('a', { size: 2 })),
      { hear: 'all', frames: 3 },
    ],
  },
  {
    name: 'watch-list',
    steps: [
      create('toys', toy('b', { size: 2 })),
      create('toys', toy('a', { size: 1 })),
      { watch: 'all', path: 'toys', query: watchList },
      { hear: 'all', frames: 3 },
      patch('merge', 'toys/a', { spec: { size: 3 } }),
      { hear: 'all', frames: 1 },
      { watch: 'one', path: 'toys', query: { ...watchList, fieldSelector: 'metadata.name=a' } },
      { hear: 'one', frames: 2 },
      { watch: 'any', path: 'toys', query: {} },
      { hear: 'any', frames: 2 },
      { watch: 'zero', path: 'toys', query: { resourceVersion: '0' } },
      { hear: 'zero', frames: 2 },
      { watch: 'unmatched', path: 'toys', query: { sendInitialEvents: 'true', allowWatchBookmarks: 'true' } },
      {
        watch: 'unbookmarked',
        path: 'toys',
        query: { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' },
      },
      { hear: 'unbookmarked', frames: 2 },
    ],
  },
];
