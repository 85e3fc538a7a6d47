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
  const { node, pending } = visit(root);
  return hold(node, pending);
}

/** Returns the type without marks, and the immutable fields that a parent has to guard. */
function visit(node: Node): { readonly node: Node; readonly pending: readonly Hoisted[] } {
  if (node.items || node.values) return { node: mapChildren(node, rewriteImmutable), pending: [] };
  const pending: Hoisted[] = [];
  const fields = node.fields?.map((field) => {
    const inner = visit(field.node);
    const { immutable, ...open } = inner.node;
    const marked = immutable ? [...inner.pending, { name: field.name, path: [], at: immutable }] : inner.pending;
    const mine = marked.map((found) => ({ ...found, path: [field, ...found.path] }));
    const stays = field.optional ? [] : marked;
    if (field.optional) pending.push(...mine);
    return { ...field, node: field.optional ? open : hold(open, stays) };
  });
  return { node: { ...node, ...(fields && { fields }) }, pending };
}

function hold(node: Node, found: readonly Hoisted[]): Node {
  return { ...node, rules: [...node.rules, ...found.map(guard)] };
}

function guard({ name, path, at }: Hoisted): Rule {
  const names = path.map((field) => field.name);
  const message = `${names.join('.') || name} is immutable`;
  if (names.length === 0) return { rule: 'self == oldSelf', message, at };
  const present = (base: string) =>
    path
      .map((field, index) => (field.optional ? `has(${celPath(base, names.slice(0, index + 1))})` : undefined))
      .filter((test) => test !== undefined)
      .join(' && ');
  const [mine, old] = [present('self'), present('oldSelf')];
  const same = `${celPath('self', names)} == ${celPath('oldSelf', names)}`;
  return { rule: `(${mine}) == (${old}) && (!(${mine}) || ${same})`, message, at };
}
