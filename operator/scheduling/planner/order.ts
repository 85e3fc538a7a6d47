import type { Gang } from './types.ts';

/** Above every priority that Kubernetes allows: the rest of a gang that already started. */
export const STARTED_PRIORITY = 2_000_002_000;

/** Orders gangs for the queue: higher priority, then longer wait, then key, so that the order is total. */
export function byPriorityThenAge(left: Gang, right: Gang): number {
  if (left.priority !== right.priority) return right.priority - left.priority;
  if (left.since !== right.since) return left.since - right.since;
  if (left.key === right.key) return 0;
  return left.key < right.key ? -1 : 1;
}
