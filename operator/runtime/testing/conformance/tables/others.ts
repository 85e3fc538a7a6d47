import { as, type Conversation, create, get, only, patch, put, remove } from '../conversation.ts';
import { pod } from './pods.ts';

const life = ['kind', 'metadata.name', 'metadata.generation', 'metadata.deletionGracePeriodSeconds'];
const evict = (name: string, preconditions?: object): ReturnType<typeof create> =>
  create(`pods/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name },
    ...(preconditions && { deleteOptions: { preconditions } }),
  });
const budget = (minAvailable: number): object => ({
  apiVersion: 'policy/v1',
  kind: 'PodDisruptionBudget',
  metadata: { name: 'budget' },
  spec: { minAvailable, selector: { matchLabels: { app: 'web' } } },
});
const allowed = (disruptionsAllowed: number, observedGeneration: number): object => ({
  status: {
    ...{ disruptionsAllowed, observedGeneration, expectedPods: 1, currentHealthy: 1 },
    desiredHealthy: 1 - disruptionsAllowed,
  },
});
const ready = { status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] } };
const lease = (holderIdentity: string, metadata: object = {}): object => ({
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  metadata: { name: 'lease', ...metadata },
  spec: { holderIdentity, leaseDurationSeconds: 15 },
});

const version = { resourceVersion: '{second.metadata.resourceVersion}' };
const identity = { uid: '{second.metadata.uid}', creationTimestamp: '{second.metadata.creationTimestamp}' };

/** Built-in kinds with rules of their own. */
export const others: readonly Conversation[] = [
  {
    name: 'eviction',
    steps: [
      evict('none'),
      only(life, create('pods', pod('gated', { gates: ['example.com/one'] }))),
      evict('gated', { uid: 'another' }),
      evict('gated', { resourceVersion: '1' }),
      evict('gated'),
      only(['reason', 'message'], get('pods/gated')),
      only(life, create('pods', pod('web', { node: 'nowhere', labels: { app: 'web' } }))),
      only(['status.phase'], patch('strategic', 'pods/web/status', ready)),
      only(['metadata.generation'], create('poddisruptionbudgets', budget(1))),
      only(['status.disruptionsAllowed'], patch('merge', 'poddisruptionbudgets/budget/status', allowed(0, 1))),
      evict('web'),
      only(['metadata.generation'], patch('merge', 'poddisruptionbudgets/budget', { spec: { minAvailable: 0 } })),
      only(['status.disruptionsAllowed'], patch('merge', 'poddisruptionbudgets/budget/status', allowed(1, 2))),
      evict('web'),
      only(['metadata.deletionGracePeriodSeconds', 'metadata.deletionTimestamp'], get('pods/web')),
      evict('web'),
    ],
  },
  {
    name: 'pods',
    steps: [
      only(['metadata.generation'], create('pods', pod('a', { gates: ['example.com/one'] }))),
      only(
        ['metadata.labels', 'metadata.generation', 'spec.schedulingGates', 'status.message', 'metadata.finalizers'],
        patch('strategic', 'pods/a/status', {
          metadata: { labels: { from: 'status' }, finalizers: ['example.com/one'] },
          spec: { schedulingGates: null },
          status: { message: 'hello' },
        }),
      ),
      only(['metadata.generation'], patch('merge', 'pods/a', { spec: { schedulingGates: null } })),
      only(life, remove('pods/a')),
      only(life, patch('merge', 'pods/a', { metadata: { finalizers: null } })),
      get('pods/a'),
      only(life, create('pods', pod('bound', { node: 'nowhere' }))),
      only(life, remove('pods/bound')),
      only(['metadata.deletionGracePeriodSeconds'], get('pods/bound')),
    ],
  },
  {
    name: 'leases',
    steps: [
      as('first', create('leases', lease('one'))),
      create('leases', lease('two')),
      as('second', put('leases/lease', lease('two', { resourceVersion: '{first.metadata.resourceVersion}' }))),
      put('leases/lease', lease('three', { resourceVersion: '{first.metadata.resourceVersion}' })),
      put('leases/lease', lease('three')),
      get('leases', { fieldSelector: 'metadata.name=lease' }),
      remove('leases/lease'),
      only(['reason', 'code', 'details'], put('leases/lease', lease('four', { ...identity, ...version }))),
      put('leases/lease', lease('four', version)),
    ],
  },
];
