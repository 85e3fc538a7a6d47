import type { Field, Node } from '../model.ts';

/** A type on the way through a resource, with what stands above it, outermost first. */
export interface Step {
  readonly node: Node;
  readonly path: string;
  readonly field?: Field;
  readonly ancestors: readonly Node[];
}

/** Every type inside a type and the type itself, parents first. */
export function* walk(node: Node, path = '', ancestors: readonly Node[] = [], field?: Field): Generator<Step> {
  yield { node, path, ancestors, ...(field && { field }) };
  const above = [...ancestors, node];
  for (const child of node.fields ?? []) yield* walk(child.node, `${path}.${child.name}`, above, child);
  if (node.items) yield* walk(node.items, `${path}[]`, above);
  if (node.values) yield* walk(node.values, `${path}{}`, above);
}
