import type { BillingProviderStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import type { RowCounts } from '../outbox/repository.ts';

/** How the provider was found. */
export interface Standing {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/**
 * The standing of a provider whose key opens the account. A restricted key may do that and yet not be allowed to
 * deliver: then the refusal is what counts, until a delivery succeeds.
 */
export function withRefusal(standing: Standing, refusal: string | undefined): Standing {
  if (refusal === undefined || standing.status === 'False') return standing;
  const message = `the provider refuses usage events under this key: ${refusal}; give the key the permission to write meter events, usage waits in the outbox`;
  return { status: 'False', reason: 'DeliveryRefused', message };
}

/** The status of a BillingProvider. */
export function report(standing: Standing, rows: RowCounts, webhooks: Standing): StatusIntent<BillingProviderStatus> {
  const conditions = [{ type: 'Ready', ...standing }, attention(rows), { type: 'WebhooksReady', ...webhooks }];
  return { rows, conditions };
}

function attention({ held, rejected }: RowCounts): ConditionIntent {
  const type = 'NeedsPerson';
  if (held + rejected === 0)
    return { type, status: 'False', reason: 'NothingHeld', message: 'no usage row waits for a person' };
  const message = `${held} usage rows are held and ${rejected} were rejected; 'gpuopt usage show' names their meters`;
  return { type, status: 'True', reason: held > 0 ? 'RowsHeld' : 'RowsRejected', message };
}
