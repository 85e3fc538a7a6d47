import type { Condition } from '../api/index.ts';
import type { ConditionIntent, KubeObject } from '../runtime/index.ts';

/** A condition for the status of an object that another controller reports on too: with its generation, and since when. */
export function stated(
  { metadata, status }: KubeObject & { readonly status?: { readonly conditions?: readonly Condition[] } },
  said: ConditionIntent,
  now: Date,
): Condition {
  const before = status?.conditions?.find(({ type }) => type === said.type);
  const lastTransitionTime =
    before?.status === said.status ? before.lastTransitionTime : `${now.toISOString().slice(0, 19)}Z`;
  return { ...said, observedGeneration: metadata.generation ?? 0, lastTransitionTime };
}
