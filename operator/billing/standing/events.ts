import { kinds, type Tenant } from '../../api/index.ts';
import { Pod } from '../../kube/index.ts';
import type { EventIntent } from '../../runtime/index.ts';
import type { Standing } from './decide.ts';
import { isFrozen } from './report.ts';

/** Says on a tenant that it stands otherwise than was reported last; undefined where it does not. */
export function standingEvent(tenant: Tenant, standing: Standing | undefined): EventIntent | undefined {
  const before = tenant.status?.standing;
  if (before?.step === standing?.step) return undefined;
  const about = { regarding: tenant, kind: kinds.Tenant, action: 'Judge' };
  if (standing === undefined) {
    const note = 'What limited the tenant is gone.';
    return { ...about, type: 'Normal', reason: 'TenantRestored', note };
  }
  const note = `${standing.message}.`;
  const reason = isFrozen(standing) ? 'TenantFrozen' : 'TenantWarned';
  return {
    ...about,
    type: 'Warning',
    reason,
    note,
    dedupeKey: `${tenant.metadata.uid}/${standing.step}/${standing.since}`,
  };
}

/** Says on a pod why it goes. */
export function evictedEvent(pod: Pod, tenant: string, { message }: Standing): EventIntent {
  return {
    regarding: pod,
    kind: Pod,
    type: 'Warning',
    reason: 'TenantPodEvicted',
    action: 'Evict',
    note: `It is evicted because its tenant ${tenant} was frozen for longer than its plan allows: ${message}.`,
    dedupeKey: `${pod.metadata.uid}/TenantPodEvicted`,
  };
}
