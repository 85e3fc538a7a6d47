import { keyText } from '../kube/index.ts';
import type { Decision } from './decide.ts';
import type { Facts } from './observe.ts';
import type { Holding } from './planner/index.ts';

/** What those hold whom a plan places. */
export function placedHoldings(
  { queue }: Pick<Facts, 'queue'>,
  { release }: Pick<Decision, 'release'>,
): readonly Holding[] {
  const members = new Map(
    queue.flatMap(({ gang }) =>
      gang.members.map((member) => [member.key, { ...member, tenant: gang.tenant }] as const),
    ),
  );
  const placed = release.flatMap(({ releases }) => releases);
  return placed.flatMap(({ pod, node, instead }): Holding[] => {
    const member = members.get(keyText(pod));
    return member === undefined || node === undefined ? [] : [{ ...member, node, ...(instead && { gpus: instead }) }];
  });
}
