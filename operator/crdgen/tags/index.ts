import { ApiTypeError } from '../errors.ts';
import type { Node } from '../model.ts';
import type { TagUse } from '../read/doc.ts';
import { collectionTags } from './collection.ts';
import { numberTags } from './number.ts';
import { ruleTags } from './rule.ts';
import { stringTags } from './string.ts';
import type { SealedTag } from './tag.ts';
import { valueTags } from './value.ts';

export { parseRootTags, ROOT_TAG_HELP } from './root.ts';

/** Every tag on fields, aliases and interfaces; tags on roots are in root.ts. */
export const fieldTags: readonly SealedTag[] = [
  ...numberTags,
  ...stringTags,
  ...collectionTags,
  ...valueTags,
  ...ruleTags,
];

const byName = new Map(fieldTags.map((known) => [known.name, known]));

/** Applies the tags of one doc comment to a type; unknown, doubled and misplaced tags are errors. */
export function applyTags(node: Node, uses: readonly TagUse[]): Node {
  const known = uses.map((use) => ({ use, tag: find(use) })).sort((a, b) => a.tag.order - b.tag.order);
  refuseDoubles(known);
  return known.reduce((result, { use, tag }) => applyOne(result, use, tag), node);
}

/** `@items.maxLength 63` speaks about the entries of a list. */
function inner(use: TagUse): TagUse | undefined {
  const match = use.name === 'items' ? /^\.([A-Za-z]+)\s*(.*)$/.exec(use.payload) : null;
  return match?.[1] ? { name: match[1], payload: match[2] ?? '', at: use.at } : undefined;
}

function find(use: TagUse): SealedTag {
  const name = inner(use)?.name ?? use.name;
  const found = byName.get(name);
  if (!found) throw new ApiTypeError(use.at, `unknown tag @${name}; known are ${[...byName.keys()].sort().join(', ')}`);
  return found;
}

function applyOne(node: Node, use: TagUse, tag: SealedTag): Node {
  const entry = inner(use);
  if (entry) {
    if (!node.items) throw new ApiTypeError(use.at, `@items goes with a list, this is a ${node.type}`);
    return { ...node, items: applyOne(node.items, entry, tag) };
  }
  if (tag.allowedOn !== 'all' && !tag.allowedOn.includes(node.type)) {
    const hint =
      node.items && tag.allowedOn.includes(node.items.type) ? `; for its entries write @items.${tag.name}` : '';
    throw new ApiTypeError(use.at, `@${tag.name} goes with ${tag.allowedOn.join(', ')}, this is a ${node.type}${hint}`);
  }
  return tag.use(node, use.payload, use.at);
}

function refuseDoubles(known: readonly { use: TagUse; tag: SealedTag }[]): void {
  const seen = new Set<string>();
  for (const { use, tag } of known) {
    const key = inner(use) ? `items.${tag.name}` : tag.name;
    if (seen.has(key) && !tag.repeatable) throw new ApiTypeError(use.at, `@${key} stands here twice`);
    seen.add(key);
  }
}
