import type { Node as SourceNode, TypeNode } from 'ts-morph';
import type { Location } from '../errors.ts';
import type { Node } from '../model.ts';

/** Where a type is read: what type parameters stand for, and the declarations on the way here (to see cycles). */
export interface Scope {
  readonly root: string;
  /** Reads a type inside a type; here, so that the readers of each form need not know one another. */
  readonly read: (type: TypeNode, scope: Scope) => Node;
  readonly parameters: ReadonlyMap<string, Bound>;
  readonly path: readonly string[];
}

/** What a type parameter stands for, in the scope it was written in. */
export interface Bound {
  readonly type: TypeNode;
  readonly scope: Scope;
}

/** The place of a source node, relative to the folder that is read. */
export function locate(node: SourceNode, scope: Pick<Scope, 'root'>): Location {
  const path = node.getSourceFile().getFilePath();
  const file = path.startsWith(`${scope.root}/`) ? path.slice(scope.root.length + 1) : path;
  return { file, line: node.getStartLineNumber() };
}

/** A node of a type without constraints. */
export function plain(type: TypeNode, scope: Pick<Scope, 'root'>, parts: Pick<Node, 'type'> & Partial<Node>): Node {
  return { at: locate(type, scope), description: '', facets: {}, rules: [], ...parts };
}
