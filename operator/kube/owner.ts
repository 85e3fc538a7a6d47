import type { Meta, OwnerReference } from './wire.ts';

/** The owner that manages the object, if any. */
export function controllerOf(object: { readonly metadata: Pick<Meta, 'ownerReferences'> }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** `namespace/name`, or the name alone for objects of the cluster. */
export function keyText(object: { readonly metadata: Pick<Meta, 'name' | 'namespace'> }): string {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? name : `${namespace}/${name}`;
}
