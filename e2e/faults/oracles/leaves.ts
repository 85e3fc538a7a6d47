import { withoutToken } from '../proxy/token.ts';

/** The leaves of one plan's objects: object → path → value as JSON. */
export type Leaves = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** Bookkeeping of the API server and marks of the checker, which say nothing about an end state. */
const ignored: ReadonlySet<string> = new Set(['managedFields', 'uid', 'resourceVersion', 'creationTimestamp']);
/** When something happened differs from run to run; that it happened does not. */
const TIME = /^\d{4}-?\d\d-?\d\dT\d\d:?\d\d:?\d\d(\.\d+)?Z$/;
/** Annotations with this prefix are the checker's own. */
export const CHECKER_PREFIX = 'faults.test/';

/** Takes an object apart into leaves, in the words of every plan: its token becomes `PLAN`. */
export function leavesOf(object: object, token: string, disguise?: string): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const text = withoutToken(JSON.stringify(object), token);
  const plain: unknown = JSON.parse(disguise === undefined ? text : text.replaceAll(disguise, 'PLAN'));
  collect(plain, '', leaves);
  return leaves;
}

function collect(value: unknown, path: string, into: Map<string, string>): void {
  if (Array.isArray(value)) {
    if (value.length === 0) into.set(path, '[]');
    value.forEach((item, index) => void collect(item, `${path}[${keyIn(item) ?? index}]`, into));
    return;
  }
  if (typeof value !== 'object' || value === null) {
    into.set(path, typeof value === 'string' && TIME.test(value) ? 'a time' : JSON.stringify(value));
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (path === '.metadata' && ignored.has(key)) continue;
    if (key.startsWith(CHECKER_PREFIX)) continue;
    collect(inner, `${path}.${key}`, into);
  }
}

/** Conditions are a map by type: their order means nothing. */
function keyIn(item: unknown): string | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const type: unknown = Reflect.get(item, 'type');
  return typeof type === 'string' && Reflect.has(item, 'status') ? type : undefined;
}
