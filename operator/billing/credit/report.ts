import type { CreditGrantStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import { toMajor } from '../money/price.ts';
import type { StoredLot } from './read.ts';

/** Nothing is posted, because a person must change something. */
export function refused(reason: 'TenantMissing' | 'NameTaken', message: string): StatusIntent<CreditGrantStatus> {
  return { conditions: [{ type: 'Ready', status: 'False', reason, message }] };
}

/** The status of a grant that is posted; `now` in milliseconds since 1970. */
export function posted(lot: StoredLot, now: number): StatusIntent<CreditGrantStatus> {
  const remaining = lot.amount - lot.drawn - lot.lapsed;
  return {
    remaining: toMajor(remaining, lot.currency),
    grantedTime: `${new Date(lot.grantedAt).toISOString().slice(0, 19)}Z`,
    conditions: [{ type: 'Ready', status: 'True', ...standing(lot, remaining, now) }],
  };
}

function standing(lot: StoredLot, remaining: bigint, now: number): Pick<ConditionIntent, 'reason' | 'message'> {
  if (lot.expiresAt !== undefined && lot.expiresAt <= now) {
    const message =
      'usage after the expiry is not taken from it; what is left lapses once the hours before it are sealed';
    return { reason: 'Expired', message };
  }
  if (remaining === 0n) return { reason: 'Spent', message: 'nothing is left' };
  return { reason: 'Available', message: 'usage is taken from it' };
}
