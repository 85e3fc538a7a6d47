import type { Relaxed } from '../eligible.ts';
import type { Gang, Member, Nearness } from '../types.ts';

/** Members of a gang that are to be near each other; without `near`, those that may be anywhere. */
export interface NearSet {
  readonly members: readonly Member[];
  readonly near?: Nearness;
}

/** A gang by what is to be near each other: what must be first, then large sets, then what may be anywhere. */
export function nearSets({ members }: Gang, relaxed: Relaxed | undefined): readonly NearSet[] {
  if (relaxed?.topology === true || members.every(({ near }) => near === undefined)) return [{ members }];
  const sets = new Map<string, { near?: Nearness; readonly members: Member[] }>();
  for (const member of members) {
    const { near } = member;
    const known = sets.get(near?.set ?? '');
    if (known === undefined) sets.set(near?.set ?? '', { members: [member], near });
    else known.members.push(member);
  }
  return [...sets.values()].sort(
    (one, other) => urgency(other) - urgency(one) || other.members.length - one.members.length,
  );
}

function urgency({ near }: NearSet): number {
  if (near === undefined) return 0;
  return near.required === undefined ? 1 : 2;
}
