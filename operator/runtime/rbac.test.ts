import { expect, test } from 'vitest';
import { controller } from './controller/builder.ts';
import { describePermissions } from './controller/permissions.ts';
import { rbac } from './rbac.ts';
import { Note, Toy, toyMaker } from './testing/toys.ts';
import type { Kind, KubeObject } from './types.ts';

const Secret: Kind<KubeObject> = { group: '', version: 'v1', kind: 'Secret', plural: 'secrets', scope: 'Namespaced' };

test('roles hold what the controllers declare and what the runtime needs, and nothing more', () => {
  const reader = controller(Note, 'reader')
    .reads(Toy)
    .may({ group: '', resource: 'secrets', verbs: ['get'], in: 'operator', resourceNames: ['key'], why: 'the API key' })
    .reconcile(async () => undefined);
  const [cluster, , role] = rbac([toyMaker, reader], { name: 'gpuopt', namespace: 'sys', serviceAccount: 'op' });
  expect(cluster?.rules).toEqual([
    { apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list', 'watch', 'create', 'patch', 'delete'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['create', 'patch'] },
    { apiGroups: ['example.com'], resources: ['toys'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['example.com'], resources: ['toys/finalizers'], verbs: ['update'] },
    { apiGroups: ['example.com'], resources: ['toys/status'], verbs: ['patch'] },
  ]);
  expect(role).toMatchObject({ metadata: { name: 'gpuopt', namespace: 'sys' } });
  expect(role?.rules).toEqual([
    { apiGroups: [''], resources: ['secrets'], resourceNames: ['key'], verbs: ['get'] },
    { apiGroups: ['coordination.k8s.io'], resources: ['leases'], verbs: ['get', 'list', 'watch', 'create', 'update'] },
  ]);
});

test('each permission says why', () => {
  const found = describePermissions([toyMaker]).find(({ resource }) => resource === 'configmaps');
  expect(found?.why).toBe('toy owns them');
});

test('Secrets are never listed', () => {
  const greedy = controller(Toy)
    .reads(Secret)
    .reconcile(async () => undefined);
  expect(() => describePermissions([greedy])).toThrow('Secrets are never listed');
});
