/** The three patch types: merge patch, strategic merge patch and JSON patch, on plain JSON. */
import { listKey } from '../controller/applied.ts';
import { isObject, type Json, keyed, sets } from './merge.ts';

/** RFC 7386. */
export function mergePatched(live: unknown, patch: unknown): unknown {
  if (!isObject(patch)) return patch;
  const result: Json = isObject(live) ? { ...live } : {};
  for (const [key, inner] of Object.entries(patch)) {
    if (inner === null) delete result[key];
    else result[key] = mergePatched(result[key], inner);
  }
  return result;
}

const deleteFrom = '$deleteFromPrimitiveList/';

/** The merge patch of built-in kinds: lists that have a merge key are merged by it, and `$patch` says delete or replace. */
export function strategicPatched(live: unknown, patch: unknown, name = ''): unknown {
  if (Array.isArray(patch)) return strategicList(Array.isArray(live) ? live : [], patch, name);
  if (!isObject(patch)) return patch;
  const { $patch, ...fields } = patch;
  const result: Json = isObject(live) && $patch !== 'replace' ? { ...live } : {};
  for (const [key, inner] of Object.entries(fields)) {
    if (key.startsWith(deleteFrom)) dropMembers(result, key.slice(deleteFrom.length), inner);
    else if (inner === null) delete result[key];
    else result[key] = strategicPatched(result[key], inner, key);
  }
  return result;
}

function dropMembers(object: Json, field: string, gone: unknown): void {
  const [live, names] = [object[field], gone];
  if (Array.isArray(live) && Array.isArray(names)) object[field] = live.filter((item) => !names.includes(item));
}

/** `taints` have a merge key although server-side apply takes them as one. */
const isMerged = (name: string): boolean => keyed.has(name) || name === 'taints';

function strategicList(live: readonly unknown[], patch: readonly unknown[], name: string): readonly unknown[] {
  if (sets.has(name)) return woven(live, [...new Set(patch)], (item) => item);
  const key = isMerged(name) ? (listKey(patch) ?? listKey(live)) : undefined;
  if (key === undefined) return patch;
  const nameOf = (item: unknown): unknown => (isObject(item) ? item[key] : undefined);
  const isDeletion = (item: unknown): boolean => isObject(item) && item.$patch === 'delete';
  const gone = new Set(patch.filter(isDeletion).map(nameOf));
  const stay = live.filter((item) => !gone.has(nameOf(item)));
  const changed = patch
    .filter((item) => !isDeletion(item))
    .map((item) =>
      strategicPatched(
        stay.find((old) => nameOf(old) === nameOf(item)),
        item,
      ),
    );
  return woven(stay, changed, nameOf);
}

/** The order of a merged list: items of the patch as it has them, those of the server where they stood, new ones first. */
function woven(live: readonly unknown[], patch: readonly unknown[], nameOf: (item: unknown) => unknown): unknown[] {
  const place = (item: unknown): number => live.findIndex((old) => nameOf(old) === nameOf(item));
  const untouched = live.filter((old) => !patch.some((item) => nameOf(item) === nameOf(old)));
  const result: unknown[] = [];
  for (const item of patch) {
    while (untouched.length > 0 && place(item) > place(untouched[0])) result.push(untouched.shift());
    result.push(item);
  }
  return [...result, ...untouched];
}

/** A step of a JSON patch could not be done. */
export class PatchFailed extends Error {
  override readonly name = 'PatchFailed';
  readonly code = 'PatchFailed';
}

/** RFC 6902: add, remove, replace and test; like the API server, replace adds a field that is not there. */
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
  const missing = new PatchFailed(`path ${String(step.path)} does not exist`);
  switch (step.op) {
    case 'test':
      if (JSON.stringify(Reflect.get(parent, last)) === JSON.stringify(step.value)) return;
      throw new PatchFailed(`test of ${String(step.path)} failed`);
    case 'remove':
      if (!Reflect.has(parent, last)) throw missing;
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else Reflect.deleteProperty(parent, last);
      return;
    default:
      if (!Array.isArray(parent)) Reflect.set(parent, last, step.value);
      else if (step.op === 'add') parent.splice(last === '-' ? parent.length : Number(last), 0, step.value);
      else if (Reflect.has(parent, last)) Reflect.set(parent, last, step.value);
      else throw missing;
  }
}
