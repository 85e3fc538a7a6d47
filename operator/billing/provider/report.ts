import type { BillingProviderStatus } from '../../api/index.ts';
import type { ConditionIntent, StatusIntent } from '../../runtime/index.ts';
import type { RowCounts } from '../outbox/repository.ts';

/** How the provider was found. */
export interface Standing {
  readonly status: 'True' | 'False';
  readonly reason: string;
  readonly message: string;
}

/** The status of a BillingProvider. */
export function report(standing: Standing, rows: RowCounts): StatusIntent<BillingProviderStatus> {
  return { rows, conditions: [{ type: 'Ready', ...standing }, attention(rows)] };
}

function attention({ held, rejected }: RowCounts): ConditionIntent {
  const type = 'NeedsPerson';
  if (held + rejected === 0)
    return { type, status: 'False', reason: 'NothingHeld', message: 'no usage row waits for a person' };
  const message = `${held} usage rows are held and ${rejected} were rejected; 'gpuopt usage show' names their meters`;
  return { type, status: 'True', reason: held > 0 ? 'RowsHeld' : 'RowsRejected', message };
}
