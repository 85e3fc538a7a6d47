import type { ColumnType } from 'kysely';

import type { Integer, Time } from './control.ts';

/** Who held what from when to when: half-open [opened_at, closed_at), unique by (uid, device_key, opened_at). */
export interface AllocIntervalTable {
  readonly uid: string;
  /** The resource for devices whose identity Kubernetes does not tell; else the device. */
  readonly device_key: string;
  readonly opened_at: Time;
  readonly closed_at: ColumnType<Date | null, Date | string | null, Date | string | null>;
  readonly tenant: string;
  readonly namespace: string;
  readonly pod: string;
  readonly node: string;
  readonly model: string;
  readonly profile: string;
  readonly meter: string;
  readonly units: number;
  /** True when the end was not observed but assumed, never later than the truth. */
  readonly estimated: ColumnType<boolean, boolean, boolean>;
}

/** How far a kind of work has come. */
export interface WatermarkTable {
  readonly name: string;
  readonly at: Time;
}

/** What was measured and not yet emitted because it is less than a GPU-second. */
export interface RemainderTable {
  readonly tenant: string;
  readonly meter: string;
  readonly carry_ms: ColumnType<bigint, bigint, bigint>;
}

/** An interval that changed inside windows already sealed; the sealer answers with revisions. */
export interface LateChangeTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly tenant: string;
  readonly meter: string;
  readonly from_at: Time;
  readonly to_at: Time;
}

/** The grid of sealed windows, gapless. */
export interface SealedGridTable {
  readonly window_start: Time;
  readonly window_end: Time;
}

/** One immutable statement of usage: revision 1 is the seal, later ones are signed differences. */
export interface UsageWindowTable {
  readonly id: ColumnType<bigint, never, never>;
  readonly tenant: string;
  readonly meter: string;
  readonly model: string;
  readonly profile: string;
  readonly window_start: Time;
  readonly window_end: Time;
  readonly revision: number;
  /** GPU-milliseconds that this revision adds (or takes away). */
  readonly exact_ms: ColumnType<bigint, bigint, never>;
  /** The remainder after this revision, 0 to 999 ms. */
  readonly carry_ms: ColumnType<bigint, bigint, never>;
  /** GPU-seconds that this revision emits. */
  readonly quantity: Integer;
  readonly estimated: boolean;
  readonly prev_hash: string;
  readonly hash: string;
}

/** Physical GPUs of a node from when to when: half-open [opened_at, closed_at). */
export interface NodeCapacityTable {
  readonly node: string;
  readonly model: string;
  readonly gpus: number;
  readonly region: string | null;
  readonly opened_at: Time;
  readonly closed_at: ColumnType<Date | null, Date | null, Date>;
}

/** What a GPU drew over a span, as its counter tells; time without a row is not known. */
export interface EnergySampleTable {
  /** The GPU's UUID. */
  readonly gpu: string;
  readonly from_at: Time;
  readonly to_at: Time;
  readonly node: string;
  readonly millijoules: Integer;
  /** The pods that the exporter saw on it, a JSON array of `namespace/name`; empty where it saw none or does not look. */
  readonly pods: string;
}

/** Tables of metering. */
export interface MeasureSchema {
  readonly alloc_interval: AllocIntervalTable;
  readonly watermark: WatermarkTable;
  readonly remainder: RemainderTable;
  readonly late_change: LateChangeTable;
  readonly sealed_grid: SealedGridTable;
  readonly usage_window: UsageWindowTable;
  readonly node_capacity: NodeCapacityTable;
  readonly energy_sample: EnergySampleTable;
}
