import type { ColumnType } from 'kysely';

import type { Integer, Time } from './control.ts';

type OptionalTime = ColumnType<Date | null, Date | string | null | undefined, Date | string | null>;

/** A comparison of sums with a provider that came to its end. */
export interface ReconcileRunTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly provider: string;
  /** `hour`, `day`, or `invoice/` and the invoice's id. */
  readonly scope: string;
  readonly started_at: Time;
  readonly finished_at: Time;
  /** Sums that were compared. */
  readonly checked: number;
  readonly differing: number;
}

/** States of a drift; the transitions are in billing/reconcile/decide.ts. */
export type DriftState = 'SEEN' | 'CORRECTED' | 'HELD' | 'CLEARED';

/** An hour in which a provider's sum is not that of what it acknowledged; GPU-seconds. */
export interface DriftTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly provider: string;
  readonly customer: string;
  readonly event_name: string;
  /** Null where no usage of ours is in the hour. */
  readonly tenant: string | null;
  readonly hour: Time;
  readonly ours: Integer;
  readonly theirs: Integer;
  readonly state: DriftState;
  readonly reason: string;
  readonly first_seen_at: Time;
  /** When these two sums were read last. */
  readonly seen_at: Time;
  readonly decided_at: OptionalTime;
}

/** Tables of the comparison with providers. */
export interface ReconcileSchema {
  readonly reconcile_run: ReconcileRunTable;
  readonly drift: DriftTable;
}
