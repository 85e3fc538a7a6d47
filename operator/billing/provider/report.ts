import type { BillingProviderStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import type { RowCounts } from '../outbox/repository.ts';
import type { Progress } from './progress.ts';

/** How the provider was found. */
export interface Standing {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
  /** Usage is sent though something is wrong. */
  readonly sends?: true;
}

/**
 * The standing of a provider whose key opens the account. A restricted key may do that and yet not be allowed to
 * deliver: then the refusal is what counts, until a delivery succeeds.
 */
export function withRefusal(standing: Standing, refusal: string | undefined): Standing {
  if (refusal === undefined || standing.status === 'False') return standing;
  const message = `the provider refuses usage events under this key: ${refusal}; give the key the permission to write meter events, or correct the address or key of your own receiver; usage waits in the outbox`;
  return { status: 'False', reason: 'DeliveryRefused', message };
}

/** What a provider's status is made of. */
export interface Found {
  readonly standing: Standing;
  readonly webhooks: Standing;
  readonly rows: RowCounts;
  readonly progress: Progress;
}

/** R11: silence is a fault. The provider forgets identifiers after 24 hours, so 20 leave a person some time. */
const lateMillis = 6 * 3_600_000;
const overdueMillis = 20 * 3_600_000;

/** The status of a BillingProvider; `now` in milliseconds since 1970. */
export function report(found: Found, now: number): StatusIntent<BillingProviderStatus> {
  const { standing, webhooks, rows, progress } = found;
  const { status, reason, message } = standing;
  const { oldestUnsent, ambiguous, drift } = progress;
  return {
    rows: { ...rows, ambiguous },
    oldestUnsentTime: oldestUnsent === undefined ? undefined : new Date(oldestUnsent).toISOString(),
    // Stays below 2^53: Stripe's own sums do.
    driftSeconds: Number(drift),
    conditions: [
      { type: 'Ready', status, reason, message },
      progressing(progress, now),
      attention(rows, progress),
      { type: 'WebhooksReady', ...webhooks },
    ],
  };
}

function progressing({ oldestUnsent }: Progress, now: number): ConditionIntent {
  const type = 'Progressing';
  const age = oldestUnsent === undefined ? 0 : now - oldestUnsent;
  if (oldestUnsent === undefined || age <= lateMillis)
    return { type, status: 'True', reason: 'UpToDate', message: 'no usage has waited for more than 6 hours' };
  const reason = age > overdueMillis ? 'Overdue' : 'Late';
  const message = `usage of ${new Date(oldestUnsent).toISOString()} is not acknowledged yet; the condition Ready and the log say why`;
  return { type, status: 'False', reason, message };
}

function attention({ held, rejected }: RowCounts, { heldHours }: Progress): ConditionIntent {
  const type = 'NeedsPerson';
  if (held + rejected + heldHours === 0)
    return { type, status: 'False', reason: 'NothingHeld', message: 'no usage row waits for a person' };
  if (held + rejected === 0) {
    const message = `in ${heldHours} hours the provider's sum differs and is not corrected by itself; 'gpuopt usage reconcile' says where and why`;
    return { type, status: 'True', reason: 'DriftHeld', message };
  }
  const message = `${held} usage rows are held and ${rejected} were rejected; 'gpuopt usage show' names their meters`;
  return { type, status: 'True', reason: held > 0 ? 'RowsHeld' : 'RowsRejected', message };
}
