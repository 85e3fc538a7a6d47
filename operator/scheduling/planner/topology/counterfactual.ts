import { type Planner, placeGang, unplace } from '../place.ts';
import { tryGang } from '../trial.ts';
import type { Counterfactual, Gang, Nearness, Quota } from '../types.ts';
import { levelWord } from './blocker.ts';

/** The least that must be given up of being near each other: a wider level in place of the required one, else all of it. */
export function withWiderDomain(planner: Planner, gang: Gang, quotas: readonly Quota[]): Counterfactual | undefined {
  const near = gang.members.map((member) => member.near).find((one) => one?.required !== undefined);
  if (near?.required === undefined || tryGang(planner, gang, quotas, { topology: true }) === undefined)
    return undefined;
  const level = levelWord(near.required);
  const wider = near.levels
    .slice(0, near.levels.indexOf(near.required))
    .findLast((required) => fits(planner, { ...gang, members: gang.members.map(requiring(near, required)) }, quotas));
  const change =
    wider === undefined
      ? `its requirement of one ${level} dropped`
      : `one ${levelWord(wider)} required in place of one ${level}`;
  return { kind: 'topology', amount: 0, change };
}

function requiring(near: Nearness, required: string) {
  return <T extends { readonly near?: Nearness }>(member: T): T =>
    member.near?.required === near.required
      ? { ...member, near: { ...member.near, required, preferred: required } }
      : member;
}

function fits(planner: Planner, gang: Gang, quotas: readonly Quota[]): boolean {
  const placed = placeGang(planner, gang, quotas);
  if (placed !== undefined) unplace(planner.snapshot, placed);
  return placed !== undefined;
}
