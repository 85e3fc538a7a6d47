import type { BillFrom } from './observe.ts';
import { alwaysBound, neverBound } from './opening.ts';

/** Since when each namespace counts from the bind, in milliseconds since 1970: `neverBound` while it does not. */
export type Marks = ReadonlyMap<string, number>;

/**
 * What changes in the marks. A namespace counts from the bind since the pass that found it so: nobody knows when within
 * the time before that the plan, or the tenant, changed. One whose tenant is not known goes on as before.
 */
export function decideMarks(rules: ReadonlyMap<string, BillFrom | undefined>, marks: Marks, now: number): Marks {
  const changes = new Map<string, number>();
  for (const [namespace, rule] of rules) {
    const mark = marks.get(namespace) ?? alwaysBound;
    if (rule === 'Running' && mark !== neverBound) changes.set(namespace, neverBound);
    if (rule === 'Bound' && mark === neverBound) changes.set(namespace, now);
  }
  return changes;
}
