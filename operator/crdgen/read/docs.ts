import type { JSDocableNode, Node as SourceNode } from 'ts-morph';
import { type Doc, parseDoc } from './doc.ts';
import { locate, type Scope } from './scope.ts';

/** The doc comment that stands directly before a declaration; none is an empty one. */
export function docOf(node: SourceNode & JSDocableNode, scope: Pick<Scope, 'root'>): Doc {
  const comment = node.getJsDocs().at(-1);
  if (!comment) return { prose: '', tags: [] };
  return parseDoc(comment.getText(), locate(comment, scope));
}
