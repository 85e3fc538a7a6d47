/** What the fake and a real API server are both asked, and what the real one answered. */
import type { Conversation } from './conversation.ts';
import { applies } from './tables/applies.ts';
import { collectionTalks } from './tables/collections.ts';
import { objects } from './tables/objects.ts';
import { others } from './tables/others.ts';
import { patches } from './tables/patches.ts';

/** Every conversation; each has a record of the same name in `recorded/`. */
export const conversations: readonly Conversation[] = [
  ...objects,
  ...patches,
  ...applies,
  ...collectionTalks,
  ...others,
];
