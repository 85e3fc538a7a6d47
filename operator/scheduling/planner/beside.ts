import { type Planner, placeGang, unplace } from './place.ts';
import type { Gang, Member, Placement, PoolPart, Quota } from './types.ts';

/** Why a place is not given; with the part of a pool that is the reason, others are looked for beside it. */
interface Refusal {
  readonly part?: PoolPart;
}

/** Where a gang goes, or why the first place that was found for it is not given; neither where none was found. */
export interface Beside<R extends Refusal> {
  readonly placed?: readonly Placement[];
  readonly refused?: R;
}

/**
 * Places a gang where `refuses` lets it: first wherever it fits, and then with each part of a pool left out for which it
 * was refused. Parts are left out whole, so a gang that could have some of their GPUs and needs them waits.
 */
export function placeBeside<R extends Refusal>(
  planner: Planner,
  gang: Gang,
  quotas: readonly Quota[],
  refuses: (placed: readonly Placement[]) => R | undefined,
): Beside<R> {
  const outside: PoolPart[] = [];
  let first: R | undefined;
  for (;;) {
    const placed = placeGang(planner, outside.length === 0 ? gang : narrowed(gang, outside), quotas);
    if (placed === undefined) return { refused: first };
    const refused = refuses(placed);
    if (refused === undefined) return { placed };
    unplace(planner.snapshot, placed);
    first ??= refused;
    const { part } = refused;
    // One that is left out already is not what is in the way.
    if (part === undefined || outside.some((one) => isSame(one, part))) return { refused: first };
    outside.push(part);
  }
}

function isSame(one: PoolPart, other: PoolPart): boolean {
  return one.pool === other.pool && one.model === other.model;
}

function narrowed(gang: Gang, outside: readonly PoolPart[]): Gang {
  const members = gang.members.map((member): Member => {
    const orElse = member.orElse?.map((other) => ({
      ...other,
      where: { ...('where' in other ? other.where : member.where), outside },
    }));
    return { ...member, where: { ...member.where, outside }, ...(orElse && { orElse }) };
  });
  return { ...gang, members };
}
