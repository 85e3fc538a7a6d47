import type { Field, Node, Rule } from '../model.ts';
import { celPath } from './cel.ts';
import { mapChildren } from './unions.ts';

/** An immutable field, by the names that lead to it from the object that will hold its rule. */
interface Hoisted {
  readonly name: string;
  readonly path: readonly Field[];
  readonly at: Node['at'];
}

/**
 * Turns `@immutable` into rules. `self == oldSelf` on an optional field fires neither when the field appears nor when
 * it vanishes, so the rule moves up to the nearest object that is always there.
 */
export function rewriteImmutable(root: Node): Node {
  const { immutable, ...open } = visit(root, true).node;
  // The mark of a list entry or map value has no field above it that could hold its rule.
  return immutable ? hold(open, [{ name: 'the entry', path: [], at: immutable }]) : open;
}

/**
 * Returns the type without marks, and the immutable fields that an object above has to guard. `present` says that the
 * value is there whenever the root, or the list entry or map value that holds it, is there.
 */
function visit(node: Node, present: boolean): { readonly node: Node; readonly pending: readonly Hoisted[] } {
  if (node.items || node.values) return { node: mapChildren(node, rewriteImmutable), pending: [] };
  const pending: Hoisted[] = [];
  const fields = node.fields?.map((field) => {
    const stays = present && !field.optional;
    const inner = visit(field.node, stays);
    const { immutable, ...open } = inner.node;
    const mark = immutable ? [{ name: field.name, path: [], at: immutable }] : [];
    if (stays) return { ...field, node: hold(open, mark) };
    pending.push(...[...mark, ...inner.pending].map((found) => ({ ...found, path: [field, ...found.path] })));
    return { ...field, node: open };
  });
  const visited = { ...node, ...(fields && { fields }) };
  return present ? { node: hold(visited, pending), pending: [] } : { node: visited, pending };
}

function hold(node: Node, found: readonly Hoisted[]): Node {
  return { ...node, rules: [...node.rules, ...found.map(guard)] };
}

function guard({ name, path, at }: Hoisted): Rule {
  const names = path.map((field) => field.name);
  const message = `${names.join('.') || name} is immutable`;
  if (names.length === 0) return { rule: 'self == oldSelf', message, at };
  const [mine, old] = [presence(path, 'self'), presence(path, 'oldSelf')];
  const same = `${celPath('self', names)} == ${celPath('oldSelf', names)}`;
  return { rule: `${mine} == ${old} && (!${mine} || ${same})`, message, at };
}

/** Whether every optional step of a path is there. */
function presence(path: readonly Field[], base: string): string {
  const names = path.map((field) => field.name);
  const tests = path
    .map((field, index) => (field.optional ? `has(${celPath(base, names.slice(0, index + 1))})` : undefined))
    .filter((test) => test !== undefined);
  return tests.length === 1 ? `${tests[0]}` : `(${tests.join(' && ')})`;
}
