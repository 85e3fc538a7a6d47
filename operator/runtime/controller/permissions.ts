/** What a controller may do: the same table answers the context and generates RBAC. */
import { isBuiltIn, kindId } from '../kinds.ts';
import type { Controller, Kind, KubeObject, Permission } from '../types.ts';

type Verb = Permission['verbs'][number];

/**
 * A controller touched what it did not declare: a mistake in its code.
 * @remedy report it as a defect of the operator, with the log line
 */
export class Undeclared extends TypeError {
  override readonly name = 'Undeclared';
  readonly code = 'Undeclared';
}

/** Every permission that the controllers need, with duplicates merged per resource, names and place. Throws Undeclared for a list of Secrets. */
export function describePermissions(controllers: readonly Controller[]): readonly Permission[] {
  const merged = new Map<string, Permission>();
  for (const permission of controllers.flatMap(permissionsOf)) {
    refuseListedSecrets(permission);
    const names = [...(permission.resourceNames ?? [])].sort();
    const id = [permission.in, permission.group, permission.resource, ...names].join('|');
    const known = merged.get(id);
    const why =
      known === undefined || known.why.includes(permission.why) ? permission.why : `${known.why}; ${permission.why}`;
    const verbs = [...new Set([...(known?.verbs ?? []), ...permission.verbs])];
    merged.set(id, { ...permission, verbs, why: known?.why.includes(permission.why) ? known.why : why });
  }
  return [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, permission]) => permission);
}

function refuseListedSecrets({ group, resource, verbs }: Permission): void {
  if (group !== '' || resource !== 'secrets') return;
  if (!verbs.includes('list') && !verbs.includes('watch')) return;
  throw new Undeclared('Secrets are never listed or watched; declare verb get with .may() and read with ctx.live.get');
}

/** What one controller needs, in the order declared. */
export function permissionsOf(controller: Controller): readonly Permission[] {
  const { name, primary, owns, watches, reads } = controller;
  const read = [...reads, ...watches.map(({ kind }) => kind)];
  return [
    ...(primary === undefined ? [] : primaryPermissions(controller, primary)),
    ...owns.map((kind) => permission(kind, ['get', 'list', 'watch', 'create', 'patch', 'delete'], `${name} owns them`)),
    ...read.map((kind) => permission(kind, ['get', 'list', 'watch'], `${name} reads them`)),
    ...controller.permissions,
  ];
}

function primaryPermissions(controller: Controller, primary: Kind<KubeObject>): readonly Permission[] {
  const { name, finalizer, owns } = controller;
  const found = [permission(primary, ['get', 'list', 'watch'], `${name} reconciles them`)];
  if (writesStatus(controller)) found.push(permission(primary, ['patch'], `${name} reports in status`, 'status'));
  if (finalizer !== undefined) found.push(permission(primary, ['patch'], `${name} keeps its finalizer`));
  // OwnerReferencesPermissionEnforcement asks for this when blockOwnerDeletion is set.
  if (owns.length > 0) found.push(permission(primary, ['update'], `${name} owns objects for them`, 'finalizers'));
  return found;
}

function permission(kind: Kind<KubeObject>, verbs: readonly Verb[], why: string, subresource?: string): Permission {
  const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
  return { group: kind.group, resource, verbs, in: 'cluster', why };
}

/** Whether the runtime reports the end of passes in the primary's status. */
export function writesStatus(controller: Controller): boolean {
  return controller.primary !== undefined && !isBuiltIn(controller.primary) && controller.status !== 'elsewhere';
}

/** The kinds that must be cached before the controller may run. */
export function cachedKinds(controller: Controller): readonly Kind<KubeObject>[] {
  const { primary, owns, watches, reads, indexes } = controller;
  const all = [...(primary === undefined ? [] : [primary]), ...owns, ...watches.map(({ kind }) => kind), ...reads];
  const known = new Map([...all, ...indexes.map(({ kind }) => kind)].map((kind) => [kindId(kind), kind]));
  return [...known.values()];
}

/** Answers whether a call was declared. */
export class Declarations {
  readonly #controller: string;
  readonly #cached: ReadonlySet<string>;
  readonly #verbs = new Map<string, Set<string>>();

  constructor(controller: Controller) {
    this.#controller = controller.name;
    this.#cached = new Set(cachedKinds(controller).map(kindId));
    for (const { group, resource, verbs } of permissionsOf(controller)) {
      const id = `${group}|${resource}`;
      this.#verbs.set(id, new Set([...(this.#verbs.get(id) ?? []), ...verbs]));
    }
  }

  /** Whether the controller declared that it reads the kind from the cache. */
  isCached(kind: Kind<KubeObject>): boolean {
    return this.#cached.has(kindId(kind));
  }

  /** Throws Undeclared unless the kind is cached for this controller. */
  requireCached(kind: Kind<KubeObject>): void {
    if (this.isCached(kind)) return;
    throw new Undeclared(
      `controller ${this.#controller} reads ${kindId(kind)} without declaring it; add .reads(${kind.kind})`,
    );
  }

  /** Throws Undeclared unless the verb was declared. */
  requireVerb(kind: Kind<KubeObject>, verb: Verb, subresource?: string): void {
    const resource = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
    if (this.#verbs.get(`${kind.group}|${resource}`)?.has(verb) === true) return;
    throw new Undeclared(
      `controller ${this.#controller} needs verb ${verb} on ${resource} of group "${kind.group}"; add .may({ group: '${kind.group}', resource: '${resource}', verbs: ['${verb}'], … })`,
    );
  }
}
