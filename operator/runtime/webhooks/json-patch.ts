/** The difference of two JSON values as a JSON Patch (RFC 6902). */

/** One step of a patch. */
export type PatchStep =
  | { readonly op: 'add' | 'replace'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/**
 * The steps that turn `before` into `after`; none when they are equal. Both are JSON values; a field that is undefined is
 * absent. Lists keep their common beginning and end, and what lies between is compared place by place: right for any two
 * lists, and short for one that grew or shrank in one place.
 */
export function jsonPatch(before: unknown, after: unknown, path = ''): readonly PatchStep[] {
  if (before === after) return [];
  if (Array.isArray(before) && Array.isArray(after)) return listPatch(before, after, path);
  if (isMap(before) && isMap(after)) return mapPatch(before, after, path);
  return [{ op: 'replace', path, value: after }];
}

function mapPatch(before: JsonMap, after: JsonMap, path: string): readonly PatchStep[] {
  const steps: PatchStep[] = [];
  for (const key of keys(before)) {
    if (!has(after, key)) steps.push({ op: 'remove', path: `${path}/${escaped(key)}` });
    else steps.push(...jsonPatch(before[key], after[key], `${path}/${escaped(key)}`));
  }
  for (const key of keys(after)) {
    if (!has(before, key)) steps.push({ op: 'add', path: `${path}/${escaped(key)}`, value: after[key] });
  }
  return steps;
}

function listPatch(before: readonly unknown[], after: readonly unknown[], path: string): readonly PatchStep[] {
  const shorter = Math.min(before.length, after.length);
  let head = 0;
  while (head < shorter && same(before[head], after[head])) head += 1;
  let tail = 0;
  while (tail < shorter - head && same(before[before.length - 1 - tail], after[after.length - 1 - tail])) tail += 1;
  const steps: PatchStep[] = [];
  const paired = shorter - head - tail;
  for (let at = head; at < head + paired; at += 1) steps.push(...jsonPatch(before[at], after[at], `${path}/${at}`));
  // From the back, so that the places of what is still to go do not move.
  for (let at = before.length - tail - 1; at >= head + paired; at -= 1) {
    steps.push({ op: 'remove', path: `${path}/${at}` });
  }
  for (let at = head + paired; at < after.length - tail; at += 1) {
    steps.push({ op: 'add', path: `${path}/${at}`, value: after[at] });
  }
  return steps;
}

type JsonMap = Readonly<Record<string, unknown>>;

function isMap(value: unknown): value is JsonMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keys(map: JsonMap): readonly string[] {
  return Object.keys(map).filter((key) => map[key] !== undefined);
}

function has(map: JsonMap, key: string): boolean {
  return Object.hasOwn(map, key) && map[key] !== undefined;
}

function same(a: unknown, b: unknown): boolean {
  return jsonPatch(a, b).length === 0;
}

/** A key as a token of a JSON Pointer (RFC 6901). */
function escaped(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
