import { as, type Conversation, create, get, note, only, patch, toy } from '../conversation.ts';
import { pod } from './pods.ts';

const specOfPod = ['metadata.labels', 'metadata.generation', 'spec.schedulingGates', 'spec.nodeSelector', 'message'];

/** The three patch types. */
export const patches: readonly Conversation[] = [
  {
    name: 'merge-patch',
    steps: [
      as('a', create('toys', toy('a', { size: 1, extra: { one: '1', two: '2' }, tags: ['x', 'y'] }))),
      patch('merge', 'toys/a', { spec: { extra: { one: null, three: '3' }, tags: ['z'] } }),
      patch('merge', 'toys/a', { metadata: { labels: { a: '1' }, annotations: { b: '2' } } }),
      patch('merge', 'toys/a', { metadata: { labels: { a: null }, annotations: null } }),
      patch('merge', 'toys/a', { metadata: { resourceVersion: '1' }, spec: { size: 5 } }),
      patch('merge', 'toys/a', { metadata: { uid: 'another' }, spec: { size: 5 } }),
      patch('merge', 'toys/a', { metadata: { uid: '{a.metadata.uid}' }, spec: { size: 5 } }),
      patch('merge', 'toys/a', { metadata: { name: 'b' } }),
      patch('merge', 'toys/none', { spec: {} }),
      patch('strategic', 'toys/a', { spec: { size: 6 } }),
      get('toys/a'),
    ],
  },
  {
    name: 'json-patch',
    steps: [
      create('toys', toy('a', { size: 1, tags: ['x', 'y'] })),
      patch('json-patch', 'toys/a', [{ op: 'replace', path: '/spec/size', value: 2 }]),
      patch('json-patch', 'toys/a', [{ op: 'add', path: '/spec/tags/1', value: 'between' }]),
      patch('json-patch', 'toys/a', [{ op: 'add', path: '/spec/tags/-', value: 'last' }]),
      patch('json-patch', 'toys/a', [{ op: 'remove', path: '/spec/tags/0' }]),
      patch('json-patch', 'toys/a', [{ op: 'add', path: '/metadata/labels', value: { 'a.b/c': 'd' } }]),
      patch('json-patch', 'toys/a', [{ op: 'replace', path: '/metadata/labels/a.b~1c', value: 'e' }]),
      patch('json-patch', 'toys/a', [
        { op: 'test', path: '/spec/size', value: 2 },
        { op: 'replace', path: '/spec/size', value: 3 },
      ]),
      patch('json-patch', 'toys/a', [
        { op: 'test', path: '/spec/size', value: 99 },
        { op: 'replace', path: '/spec/size', value: 4 },
      ]),
      patch('json-patch', 'toys/a', [{ op: 'remove', path: '/spec/color' }]),
      patch('json-patch', 'toys/a', [{ op: 'replace', path: '/spec/color', value: 'red' }]),
      patch('json-patch', 'toys/a', [{ op: 'add', path: '/spec/extra/deep', value: 'x' }]),
      patch('json-patch', 'toys/a', [{ op: 'test', path: '/metadata/uid', value: 'another' }]),
      get('toys/a'),
    ],
  },
  {
    name: 'strategic-patch',
    steps: [
      only(specOfPod, create('pods', pod('a', { gates: ['example.com/one', 'example.com/two'] }))),
      only(
        specOfPod,
        patch('strategic', 'pods/a', {
          metadata: { labels: { a: 'b' } },
          spec: { schedulingGates: [{ name: 'example.com/one', $patch: 'delete' }], nodeSelector: { zone: 'here' } },
        }),
      ),
      only(specOfPod, patch('strategic', 'pods/a', { spec: { schedulingGates: null } })),
      create('configmaps', note('a', { one: '1', two: '2' })),
      patch('strategic', 'configmaps/a', { data: { one: null, three: '3' } }),
      patch('strategic', 'configmaps/a', { data: { $patch: 'replace', four: '4' } }),
      patch('strategic', 'configmaps/a', { metadata: { finalizers: ['example.com/one'] } }),
      patch('strategic', 'configmaps/a', { metadata: { finalizers: ['example.com/two'] } }),
      patch('strategic', 'configmaps/a', { metadata: { '$deleteFromPrimitiveList/finalizers': ['example.com/one'] } }),
      patch('merge', 'configmaps/a', { metadata: { finalizers: null } }),
    ],
  },
];
