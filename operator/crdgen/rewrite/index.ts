import type { Root } from '../model.ts';
import { rewriteImmutable } from './immutable.ts';
import { rewriteUnions } from './unions.ts';

/** Unions first: a member that becomes optional changes where the rule of an immutable field must stand. */
const passes = [rewriteUnions, rewriteImmutable];

/** Brings what TypeScript can say into what a structural schema can say. */
export function rewrite(root: Root): Root {
  return { ...root, object: passes.reduce((node, pass) => pass(node), root.object) };
}
