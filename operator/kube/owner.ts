import type { KindToken, Meta, OwnerReference } from './wire.ts';

/** The owner that manages the object, if any. */
export function controllerOf(object: { readonly metadata: Pick<Meta, 'ownerReferences'> }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** A controller reference to `owner`; it must come from the API server, which gave it a uid. */
export function controllerReference(
  kind: Pick<KindToken<unknown>, 'group' | 'version' | 'kind'>,
  owner: { readonly metadata: Pick<Meta, 'name' | 'uid'> },
): OwnerReference {
  return {
    apiVersion: apiVersionOf(kind),
    kind: kind.kind,
    name: owner.metadata.name ?? '',
    uid: owner.metadata.uid ?? '',
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** `v1` for the core group, else `group/version`. */
export function apiVersionOf(kind: { readonly group: string; readonly version: string }): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** `namespace/name`, or the name alone for objects of the cluster. */
export function keyText(object: { readonly metadata: Pick<Meta, 'name' | 'namespace'> }): string {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
