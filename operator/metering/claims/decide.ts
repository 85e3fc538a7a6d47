import { opensAt } from '../bill-from/opening.ts';
import { handoverOf, type Sight } from '../decide.ts';
import type { Allocation, Closing, End, NewInterval, OpenInterval, Plan } from '../facts.ts';
import type { ClaimFact, ClaimUser } from './facts.ts';

/** What a pass writes about claims. */
export type ClaimPlan = Pick<Plan, 'open' | 'close'>;

/** Who used a claim that is gone, by its uid: only their ends tell when it let go. */
export type UsersOfGone = (one: OpenInterval) => readonly ClaimUser[];

/**
 * Intervals of claims: from the bind of the first pod that uses the allocation, or its start where that is what counts, to
 * the end of the last one: once a pod has run, whoever reserves the claim still holds its devices. An interval
 * that began before the allocation that the claim has now is of an earlier one, and ends with the pods of then. Where
 * nobody told an end, the claim was last seen by the pass before: it closes there, estimated.
 */
export function decideClaims(
  claims: readonly ClaimFact[],
  open: readonly OpenInterval[],
  usersOfGone: UsersOfGone,
  sight: Sight,
): ClaimPlan {
  const byUid = new Map(claims.map((claim) => [claim.uid, claim]));
  const plans: ClaimPlan[] = open.map((one) => {
    const claim = byUid.get(one.uid);
    if (claim === undefined) return closed(one, endOf(usersOfGone(one), one, sight));
    if (!isOf(one, claim)) return closed(one, endOf(usersBefore(claim), one, sight));
    const end = endOfAllocation(claim);
    const at = handoverOf(one, claim.tenant, sight);
    if (at !== undefined && (end === undefined || end.at > at)) return moved(one, claim, at, end);
    return end === undefined ? nothing : closed(one, { ...end, at: Math.max(end.at, one.openedAt) });
  });
  const fresh = claims.flatMap((claim) => {
    const known = open.filter((one) => one.uid === claim.uid && isOf(one, claim)).map(({ deviceKey }) => deviceKey);
    return opened(claim, new Set(known), sight);
  });
  return { open: [...plans.flatMap((plan) => plan.open), ...fresh], close: plans.flatMap((plan) => plan.close) };
}

const nothing: ClaimPlan = { open: [], close: [] };

/** Whether an open interval is of the allocation that the claim has. Nothing is bound before it is allocated. */
function isOf({ deviceKey, openedAt }: OpenInterval, claim: ClaimFact): boolean {
  return isHeld(claim) && claim.devices.some((device) => device.deviceKey === deviceKey) && openedAt >= since(claim);
}

function isHeld(claim: ClaimFact): boolean {
  return claim.devices.length > 0 && (claim.reserved || usersOf(claim).length > 0);
}

function since({ allocatedAt }: ClaimFact): number {
  return allocatedAt ?? Number.NEGATIVE_INFINITY;
}

/** Pods of the allocation that the claim has now, and those of earlier ones. */
function usersOf(claim: ClaimFact): readonly ClaimUser[] {
  return claim.users.filter(({ at }) => at >= since(claim));
}

function usersBefore(claim: ClaimFact): readonly ClaimUser[] {
  return isHeld(claim) ? claim.users.filter(({ at }) => at < since(claim)) : claim.users;
}

/** The end of the last pod, once all have ended. */
function endOfAllocation(claim: ClaimFact): End | undefined {
  const users = usersOf(claim);
  return users.length > 0 && users.every(({ end }) => end !== undefined) ? lastEnd(users) : undefined;
}

function lastEnd(users: readonly ClaimUser[]): End | undefined {
  const ends = users.flatMap(({ end }) => end ?? []);
  return ends.reduce<End | undefined>((last, end) => (last === undefined || end.at > last.at ? end : last), undefined);
}

/**
 * The end of an interval of which only the pods are left: that of the pod with which it began, carried on by those that
 * were bound before it ended. A pod after a pause used the claim again, and an interval of its own.
 */
function endOf(users: readonly ClaimUser[], { openedAt }: OpenInterval, { before, now }: Sight): End {
  const seen = before ?? now;
  const sorted = users.filter(({ end }) => end === undefined || end.at >= openedAt).sort((a, b) => a.at - b.at);
  const [first] = sorted;
  let last: End | undefined;
  for (const { at, end } of first === undefined || first.at > Math.max(openedAt, seen) ? [] : sorted) {
    if (last !== undefined && at > last.at) break;
    // A pod that still runs holds the device at least until the claim was last seen.
    const own = end ?? { at: Math.max(seen, openedAt), estimated: true };
    if (last === undefined || own.at > last.at) last = own;
  }
  return last ?? { at: Math.max(seen, openedAt), estimated: true };
}

function closed({ uid, deviceKey }: OpenInterval, end: End): ClaimPlan {
  const closing: Closing = { uid, deviceKey, end };
  return { open: [], close: [closing] };
}

/** The namespace changed hands: the device is the new tenant's from then on. */
function moved(one: OpenInterval, claim: ClaimFact, at: number, end: End | undefined): ClaimPlan {
  const devices = claim.devices.filter(({ deviceKey }) => deviceKey === one.deviceKey);
  return {
    open: devices.map((device) => interval(claim, device, at, end)),
    close: [{ uid: one.uid, deviceKey: one.deviceKey, end: { at, estimated: false } }],
  };
}

function opened(claim: ClaimFact, known: ReadonlySet<string>, { now }: Sight): readonly NewInterval[] {
  if (claim.early || !isHeld(claim)) return [];
  const from = countsFrom(claim, now);
  if (from === undefined) return [];
  const end = endOfAllocation(claim);
  return claim.devices
    .filter(({ deviceKey }) => !known.has(deviceKey))
    .map((device) => interval(claim, device, from, end && { ...end, at: Math.max(end.at, from) }));
}

/** The first of its pods decides; where none is seen yet, only the bind could count, and the allocation is what is known of it. */
function countsFrom(claim: ClaimFact, now: number): number | undefined {
  const users = usersOf(claim);
  if (users.length === 0) return opensAt({ bind: claim.allocatedAt ?? now, until: now }, claim.boundFrom);
  const froms = users.flatMap(({ from }) => from ?? []);
  return froms.length === 0 ? undefined : Math.min(...froms);
}

function interval(claim: ClaimFact, device: Allocation, openedAt: number, end?: End): NewInterval {
  const { namespace, name, node, tenant, uid } = claim;
  return { ...device, uid, namespace, pod: name, node, tenant, openedAt, end };
}
