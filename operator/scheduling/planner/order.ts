import type { Gang } from './types.ts';

/** Orders gangs for the queue: higher priority, then longer wait, then key, so that the order is total. */
export function byPriorityThenAge(left: Gang, right: Gang): number {
  if (left.priority !== right.priority) return right.priority - left.priority;
  if (left.since !== right.since) return left.since - right.since;
  if (left.key === right.key) return 0;
  return left.key < right.key ? -1 : 1;
}
