/** How server-side apply merges: leaf by leaf. Simple, on plain JSON. */
import { listKey } from '../controller/applied.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Lists whose members have owners of their own. */
export const sets: ReadonlySet<string> = new Set(['finalizers']);
/** Lists whose items, named by a field, have owners of their own. */
export const keyed: ReadonlySet<string> = new Set([
  'conditions',
  'containers',
  'env',
  'imagePullSecrets',
  'initContainers',
  'ownerReferences',
  'schedulingGates',
  'volumes',
]);

/**
 * The leaves of a value with their contents; items of keyed lists are named by their key, members of sets by value,
 * other lists are one leaf.
 */
export function leafValues(value: unknown, path = '', name = ''): Map<string, string> {
  const parts = children(value, name);
  if (parts === undefined || parts.length === 0) return new Map([[path, JSON.stringify(value)]]);
  return new Map(parts.flatMap(([part, inner]) => [...leafValues(inner, `${path}\u0000${part}`, part)]));
}

/** The parts of a container that have owners of their own; none of a leaf. */
function children(value: unknown, name: string): readonly (readonly [string, unknown])[] | undefined {
  if (isObject(value)) return Object.entries(value).filter(([, inner]) => inner !== undefined);
  if (!Array.isArray(value)) return undefined;
  if (sets.has(name)) return value.map((item) => [`[=${JSON.stringify(item)}]`, item]);
  const key = keyed.has(name) ? listKey(value) : undefined;
  return key === undefined ? undefined : value.map((item) => [itemName(key, item), item]);
}

function itemName(key: string, item: unknown): string {
  return `[${key}=${JSON.stringify(Reflect.get(Object(item), key))}]`;
}

/** Lays `wanted` over `live` as server-side apply does. */
export function applied(live: unknown, wanted: unknown, name = ''): unknown {
  if (isObject(wanted)) {
    const base = isObject(live) ? live : {};
    const merged: Json = { ...base };
    for (const [key, inner] of Object.entries(wanted)) {
      if (inner !== undefined) merged[key] = applied(base[key], inner, key);
    }
    return merged;
  }
  if (!Array.isArray(wanted) || !Array.isArray(live)) return wanted;
  if (sets.has(name)) return [...new Set([...live, ...wanted])];
  const key = keyed.has(name) ? (listKey(wanted) ?? listKey(live)) : undefined;
  return key === undefined ? wanted : mergeByKey(live, wanted, key, applied);
}

function mergeByKey(
  live: readonly unknown[],
  wanted: readonly unknown[],
  key: string,
  merge: (a: unknown, b: unknown) => unknown,
): readonly unknown[] {
  const read = (item: unknown): unknown => (isObject(item) ? item[key] : undefined);
  const changed = live.map((item) => {
    const other = wanted.find((candidate) => read(candidate) === read(item));
    return other === undefined ? item : merge(item, other);
  });
  return [...changed, ...wanted.filter((item) => !live.some((old) => read(old) === read(item)))];
}

/** Removes the leaves named by `paths`, and containers that become empty by it. */
export function without(value: unknown, paths: ReadonlySet<string>, path = '', name = ''): unknown {
  // What was an empty object when it was owned may hold fields of others by now.
  if (paths.has(path) && (children(value, name) ?? []).length === 0) return undefined;
  if (isObject(value)) {
    const kept = Object.entries(value)
      .map(([key, inner]) => [key, without(inner, paths, `${path}\u0000${key}`, key)] as const)
      .filter(([, inner]) => inner !== undefined);
    return kept.length === 0 && Object.keys(value).length > 0 ? undefined : Object.fromEntries(kept);
  }
  if (!Array.isArray(value)) return value;
  const kept = children(value, name)
    ?.map(([part, inner]) => without(inner, paths, `${path}\u0000${part}`, part))
    .filter((item) => item !== undefined);
  if (kept === undefined) return value;
  return kept.length === 0 ? undefined : kept;
}
