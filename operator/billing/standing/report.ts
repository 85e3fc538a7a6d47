import type { Condition, Tenant, TenantFreeze, TenantStanding, TenantStatus } from '../../api/index.ts';
import { stated } from '../conditions.ts';
import type { Standing } from './decide.ts';

/** This controller's part of a Tenant's status. */
export type StandingStatus = Pick<TenantStatus, 'standing' | 'freezes' | 'conditions'>;

const reasons = {
  Warning: 'StandingWarning',
  Delinquent: 'StandingDelinquent',
  Frozen: 'StandingFrozen',
  Evicting: 'StandingEvicting',
} as const;

/** The status by a standing; `blocked` are pods that PodDisruptionBudgets keep. */
export function report(
  tenant: Tenant,
  standing: Standing | undefined,
  blocked: readonly string[],
  now: Date,
): StandingStatus {
  const conditions = [stated(tenant, { type: 'GoodStanding', ...sentence(standing, blocked) }, now)];
  if (standing === undefined) return { freezes: [], conditions };
  return { standing: written(standing), freezes: freezes(standing), conditions };
}

/** Whether nothing new of the tenant may start. */
export function isFrozen(standing: Standing | undefined): standing is Standing {
  return standing?.step === 'Frozen' || standing?.step === 'Evicting';
}

function written({ step, cause, since, evictAt }: Standing): TenantStanding {
  const evictTime = evictAt === undefined ? undefined : rfc3339(evictAt);
  return { step, cause, sinceTime: rfc3339(since), ...(evictTime !== undefined && { evictTime }) };
}

/** The planner holds back what waits while the freeze is confirmed. */
function freezes(standing: Standing): readonly TenantFreeze[] {
  if (!isFrozen(standing)) return [];
  const { cause, message, observedAt, endAt } = standing;
  const end = endAt === undefined ? {} : { endTime: rfc3339(endAt) };
  return [{ reason: cause, message: `${message}.`, observedTime: rfc3339(observedAt), ...end }];
}

function sentence(
  standing: Standing | undefined,
  blocked: readonly string[],
): Pick<Condition, 'status' | 'reason' | 'message'> {
  if (standing === undefined) {
    return {
      status: 'True',
      reason: 'StandingActive',
      message: 'neither a budget nor an unpaid invoice limits the tenant',
    };
  }
  if (blocked.length > 0) {
    const message = `${standing.message}; PodDisruptionBudgets keep ${blocked.join(', ')} from being evicted, which is tried again`;
    return { status: 'False', reason: 'EvictionBlocked', message };
  }
  const { step, message } = standing;
  return { status: step === 'Warning' ? 'True' : 'False', reason: reasons[step], message };
}

function rfc3339(millis: number): string {
  return `${new Date(millis).toISOString().slice(0, 19)}Z`;
}
