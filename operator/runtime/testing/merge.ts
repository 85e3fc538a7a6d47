/** How the memory API merges: apply by leaf, merge patch, strategic patch, JSON patch. Simple, on plain JSON. */
import { listKey } from '../controller/applied.ts';

/** A JSON object. */
export type Json = Record<string, unknown>;

/** Whether the value is a JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const sets = new Set(['finalizers']);
const keyed = new Set([
  'conditions',
  'ownerReferences',
  'containers',
  'initContainers',
  'env',
  'volumes',
  'schedulingGates',
  'taints',
]);

/** The paths of all leaves; items of keyed lists are named by their key, members of sets by value, other lists are one leaf. */
export function leaves(value: unknown, path = '', name = ''): readonly string[] {
  if (isObject(value)) {
    const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
    if (entries.length === 0) return [path];
    return entries.flatMap(([key, inner]) => leaves(inner, `${path}\u0000${key}`, key));
  }
  if (!Array.isArray(value)) return [path];
  if (sets.has(name)) return value.map((item) => `${path}\u0000=${String(item)}`);
  const key = keyed.has(name) ? listKey(value) : undefined;
  if (key === undefined) return [path];
  return value.flatMap((item) => leaves(item, `${path}\u0000[${String(Reflect.get(Object(item), key))}]`));
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
  if (paths.has(path)) return undefined;
  if (isObject(value)) {
    const kept = Object.entries(value)
      .map(([key, inner]) => [key, without(inner, paths, `${path}\u0000${key}`, key)] as const)
      .filter(([, inner]) => inner !== undefined);
    return kept.length === 0 && Object.keys(value).length > 0 ? undefined : Object.fromEntries(kept);
  }
  if (!Array.isArray(value)) return value;
  if (sets.has(name)) return value.filter((item) => !paths.has(`${path}\u0000=${String(item)}`));
  const key = keyed.has(name) ? listKey(value) : undefined;
  if (key === undefined) return value;
  const kept = value
    .map((item) => without(item, paths, `${path}\u0000[${String(Reflect.get(Object(item), key))}]`))
    .filter((item) => item !== undefined);
  return kept.length === 0 ? undefined : kept;
}

/** RFC 7386; with `strategic`, keyed lists merge by key and `$patch: delete` removes an item. */
export function merged(live: unknown, patch: unknown, strategic: boolean, name = ''): unknown {
  if (strategic && Array.isArray(patch) && Array.isArray(live) && keyed.has(name)) {
    const deleted = patch.filter((item) => isObject(item) && item.$patch === 'delete');
    const key = listKey(patch) ?? listKey(live);
    if (key !== undefined) {
      const gone = new Set(deleted.map((item: unknown) => (isObject(item) ? item[key] : undefined)));
      const rest = patch.filter((item) => !deleted.includes(item));
      const stay = live.filter((item) => !(isObject(item) && gone.has(item[key])));
      return mergeByKey(stay, rest, key, (a, b) => merged(a, b, true));
    }
  }
  if (!isObject(patch)) return patch;
  const result: Json = { ...(isObject(live) ? live : {}) };
  for (const [key, inner] of Object.entries(patch)) {
    if (inner === null) delete result[key];
    else if (inner !== undefined) result[key] = merged(result[key], inner, strategic, key);
  }
  return result;
}

/** A JSON patch step could not be done; the API server answers 422. */
export class PatchFailed extends Error {
  override readonly name = 'PatchFailed';
  readonly code = 'PatchFailed';
}

/** RFC 6902: add, remove, replace and test. */
export function jsonPatched(document: unknown, steps: readonly unknown[]): unknown {
  const root: { value: unknown } = { value: structuredClone(document) };
  for (const step of steps) {
    if (!isObject(step) || typeof step.path !== 'string') throw new PatchFailed('each step needs op and path');
    const parts = step.path.split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    parts[0] = 'value';
    performStep(root, parts, step);
  }
  return root.value;
}

function performStep(root: object, parts: readonly string[], step: Json): void {
  const last = parts.at(-1) ?? '';
  let parent: unknown = root;
  for (const part of parts.slice(0, -1))
    parent = isObject(parent) || Array.isArray(parent) ? Reflect.get(parent, part) : undefined;
  if (!isObject(parent) && !Array.isArray(parent)) throw new PatchFailed(`path ${String(step.path)} does not exist`);
  const exists = Reflect.has(parent, last);
  if (step.op !== 'add' && !exists) throw new PatchFailed(`path ${String(step.path)} does not exist`);
  if (step.op === 'test') {
    if (JSON.stringify(Reflect.get(parent, last)) !== JSON.stringify(step.value)) {
      throw new PatchFailed(`test of ${String(step.path)} failed`);
    }
    return;
  }
  if (step.op === 'remove') {
    if (Array.isArray(parent)) parent.splice(Number(last), 1);
    else Reflect.deleteProperty(parent, last);
    return;
  }
  if (Array.isArray(parent) && step.op === 'add')
    parent.splice(last === '-' ? parent.length : Number(last), 0, step.value);
  else Reflect.set(parent, last, step.value);
}
