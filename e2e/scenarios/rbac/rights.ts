/** Generated roles, whose verbs are taken away one at a time. */
import type { Client, Kind, KubeObject, PolicyRule, RbacObject } from '../../../operator/runtime/index.ts';
import { until } from '../../../operator/runtime/testing/index.ts';

/** One verb on one resource. */
export interface Right {
  readonly group: string;
  /** With the subresource: `pods/status`. */
  readonly resource: string;
  readonly verb: string;
  /** The namespace of a Role; undefined for a ClusterRole. */
  readonly namespace: string | undefined;
  /** The one object that the rule is for; undefined for all. */
  readonly object?: string;
}

/** `create configmaps`, `patch toys/status.example.com`: names a right in tables. */
export function nameOf({ group, resource, verb }: Right): string {
  return `${verb} ${group === '' ? resource : `${resource}.${group}`}`;
}

/** What the API server says of a right that is missing. */
export function refusalOf({ resource, verb }: Right): string {
  return `cannot ${verb} resource "${resource}"`;
}

interface Role extends KubeObject {
  readonly rules?: readonly PolicyRule[];
}
interface Review extends KubeObject {
  readonly spec: object;
  readonly status?: { readonly allowed: boolean };
}

const rbacKind = (kind: string, plural: string): Kind<Role> => ({
  ...{ group: 'rbac.authorization.k8s.io', version: 'v1', kind, plural },
  scope: kind === 'Role' ? 'Namespaced' : 'Cluster',
});
const roleKinds = { ClusterRole: rbacKind('ClusterRole', 'clusterroles'), Role: rbacKind('Role', 'roles') };
const reviewKind: Kind<Review> = {
  ...{ group: 'authorization.k8s.io', version: 'v1', kind: 'SubjectAccessReview', plural: 'subjectaccessreviews' },
  scope: 'Cluster',
};

/** The rights of a service account, as its roles grant them. */
export class Rights {
  readonly #client: Client;
  readonly #roles: readonly Role[];
  readonly #user: string;

  /** `account` is `namespace:name`. */
  constructor(client: Client, objects: readonly RbacObject[], account: string) {
    this.#client = client;
    this.#roles = objects.filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role');
    this.#user = `system:serviceaccount:${account}`;
  }

  /** Every right, in the order of the roles. */
  get all(): readonly Right[] {
    return this.#roles.flatMap(({ metadata, rules = [] }) =>
      rules.flatMap(({ apiGroups, resources, verbs, resourceNames }) =>
        resources.flatMap((resource) =>
          verbs.map((verb) => ({
            group: apiGroups[0] ?? '',
            resource,
            verb,
            namespace: metadata.namespace,
            object: resourceNames?.[0],
          })),
        ),
      ),
    );
  }

  /** The right of this name. Throws when the roles do not grant it. */
  named(name: string): Right {
    const found = this.all.find((right) => nameOf(right) === name);
    if (found === undefined) throw new TypeError(`the generated roles do not hold "${name}"; the table is out of date`);
    return found;
  }

  /** Grants everything but these, and waits until the API server knows. */
  async without(missing: readonly Right[]): Promise<void> {
    for (const role of this.#roles) {
      const kind = role.kind === 'Role' ? roleKinds.Role : roleKinds.ClusterRole;
      const rules = (role.rules ?? []).flatMap((rule) => lessened(rule, role.metadata.namespace, missing));
      await this.#client.apply(kind, { ...role, rules } as KubeObject, { manager: 'rights' });
    }
    const gone = new Set(missing.map(nameOf));
    const last = this.all.find((right) => !gone.has(nameOf(right)));
    for (const right of missing) await until(`${nameOf(right)} is refused`, async () => !(await this.#allows(right)));
    if (last !== undefined) await until(`${nameOf(last)} is granted`, () => this.#allows(last));
  }

  /** Grants everything, and waits until the API server knows that of these. */
  async restore(missing: readonly Right[]): Promise<void> {
    await this.without([]);
    for (const right of missing) await until(`${nameOf(right)} is granted`, () => this.#allows(right));
  }

  async #allows({ group, resource, verb, namespace, object = 'key' }: Right): Promise<boolean> {
    const [plural, subresource] = resource.split('/');
    const resourceAttributes = { group, resource: plural, subresource, verb, namespace };
    const review: Review = {
      ...{ apiVersion: 'authorization.k8s.io/v1', kind: 'SubjectAccessReview', metadata: {} },
      spec: { user: this.#user, resourceAttributes: { ...resourceAttributes, name: object } },
    };
    return (await this.#client.create(reviewKind, review, 'rights')).status?.allowed === true;
  }
}

/** The rule resource by resource, without the verbs that are missing. */
function lessened(rule: PolicyRule, namespace: string | undefined, missing: readonly Right[]): readonly PolicyRule[] {
  return rule.resources
    .map((resource) => {
      const isMissing = (verb: string): boolean =>
        missing.some(
          (one) =>
            one.verb === verb &&
            one.resource === resource &&
            one.group === rule.apiGroups[0] &&
            one.namespace === namespace,
        );
      return { ...rule, resources: [resource], verbs: rule.verbs.filter((verb) => !isMissing(verb)) };
    })
    .filter(({ verbs }) => verbs.length > 0);
}
