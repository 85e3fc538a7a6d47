/** RBAC made of what the controllers declare: nothing more. */
import { describePermissions } from './controller/permissions.ts';
import type { Controller, Permission } from './types.ts';

/** Names of what is made. */
export interface RbacOptions {
  /** Name of roles and bindings. */
  readonly name: string;
  readonly namespace: string;
  readonly serviceAccount: string;
}

/** A rule of RBAC. */
export interface PolicyRule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

/** A Role, ClusterRole or binding, ready for YAML. */
export type RbacObject = {
  readonly apiVersion: 'rbac.authorization.k8s.io/v1';
  readonly kind: 'ClusterRole' | 'ClusterRoleBinding' | 'Role' | 'RoleBinding';
  readonly metadata: { readonly name: string; readonly namespace?: string };
} & Readonly<Record<string, unknown>>;

/** What the runtime itself needs. */
export const runtimePermissions: readonly Permission[] = [
  {
    group: 'events.k8s.io',
    resource: 'events',
    verbs: ['create', 'patch'],
    in: 'cluster',
    why: 'events on the objects concerned',
  },
  {
    group: 'coordination.k8s.io',
    resource: 'leases',
    verbs: ['get', 'list', 'watch', 'create', 'update'],
    in: 'operator',
    why: 'leader election',
  },
];

/** ClusterRole, Role and their bindings for the controllers and the runtime. `more` adds what runnables need. */
export function rbac(
  controllers: readonly Controller[],
  { name, namespace, serviceAccount }: RbacOptions,
  more: readonly Permission[] = [],
): readonly RbacObject[] {
  const all = [...describePermissions(controllers), ...runtimePermissions, ...more];
  const apiVersion = 'rbac.authorization.k8s.io/v1' as const;
  const subjects = [{ kind: 'ServiceAccount', name: serviceAccount, namespace }];
  const apiGroup = 'rbac.authorization.k8s.io';
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name }, rules: rules(all, 'cluster') },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name },
      roleRef: { apiGroup, kind: 'ClusterRole', name },
      subjects,
    },
    { apiVersion, kind: 'Role', metadata: { name, namespace }, rules: rules(all, 'operator') },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata: { name, namespace },
      roleRef: { apiGroup, kind: 'Role', name },
      subjects,
    },
  ];
}

/** Rules with equal groups, verbs and names share one entry. */
function rules(permissions: readonly Permission[], place: Permission['in']): readonly PolicyRule[] {
  const order = ['get', 'list', 'watch', 'create', 'update', 'patch', 'delete'];
  const merged = new Map<string, PolicyRule>();
  for (const { group, resource, verbs, resourceNames, in: where } of permissions) {
    if (where !== place) continue;
    const sorted = order.filter((verb) => verbs.some((own) => own === verb));
    const id = JSON.stringify([group, sorted, resourceNames]);
    const resources = [...(merged.get(id)?.resources ?? []), resource].sort();
    merged.set(id, { apiGroups: [group], resources, ...(resourceNames && { resourceNames }), verbs: sorted });
  }
  return [...merged.values()].sort((a, b) => (ruleName(a) < ruleName(b) ? -1 : 1));
}

function ruleName({ apiGroups, resources }: PolicyRule): string {
  return `${apiGroups[0]}/${resources.join(',')}`;
}
