/** Names and paths of kinds and objects. */
import type { Key, Kind, KubeObject } from './types.ts';

type KindName = Pick<Kind<unknown>, 'group' | 'version' | 'kind' | 'plural'>;

/** `pods`, or `gpupools.gpuoptimizer.io`: names a kind in metrics, logs and maps. */
export function kindId(kind: Pick<KindName, 'group' | 'plural'>): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

/** `v1` for the core group, else `group/version`. */
export function apiVersionOf(kind: Pick<KindName, 'group' | 'version'>): string {
  return kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
}

/** The URL path of a collection (`key` without name), an object or its subresource. */
export function pathOf(kind: KindName, key: Partial<Key> = {}, subresource?: string): string {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${kind.group}/${kind.version}`;
  const space = key.namespace === undefined ? '' : `/namespaces/${encodeURIComponent(key.namespace)}`;
  const name = key.name === undefined ? '' : `/${encodeURIComponent(key.name)}`;
  return `${root}${space}/${kind.plural}${name}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** `namespace/name`, or the name alone. */
export function keyText(key: Key): string {
  return key.namespace === undefined ? key.name : `${key.namespace}/${key.name}`;
}

/** The opposite of `keyText`. */
export function parseKey(text: string): Key {
  const slash = text.indexOf('/');
  return slash < 0 ? { name: text } : { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
}

/** The key of an object; an object without a name has the empty name. */
export function keyOf(object: KubeObject): Key {
  const { name = '', namespace } = object.metadata;
  return namespace === undefined ? { name } : { namespace, name };
}

/** Whether the kind is one of Kubernetes' own, whose status belongs to others. */
export function isBuiltIn(kind: Pick<KindName, 'group'>): boolean {
  return !kind.group.includes('.') || kind.group.endsWith('.k8s.io');
}

/** `PATCH pods/status` of method PATCH and `/api/v1/namespaces/a/pods/b/status`: names of objects are left out. */
export function requestName(method: string, path: string): string {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const [resource = '', , subresource] = parts[0] === 'namespaces' && parts.length > 2 ? parts.slice(2) : parts;
  return `${method} ${subresource === undefined ? resource : `${resource}/${subresource}`}`;
}
