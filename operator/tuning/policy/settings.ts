import type { OptimizationPolicySpec, PriceList } from '../../api/index.ts';

/** A policy's spec with the schema's defaults filled in, because an older stored object may lack them. */
export interface Settings {
  readonly mode: 'Observe' | 'Recommend';
  readonly maxStalenessSeconds: number;
  readonly minCoveragePercent: number;
  readonly belowPercent: number;
  readonly windowSeconds: number;
  readonly prices?: PriceList;
}

/** Reads the settings of a policy; the defaults are those of `operator/api`. */
export function settingsOf({ mode, telemetry, idle, prices }: OptimizationPolicySpec): Settings {
  return {
    mode: mode ?? 'Recommend',
    maxStalenessSeconds: telemetry?.maxStalenessSeconds ?? 180,
    minCoveragePercent: telemetry?.minCoveragePercent ?? 90,
    belowPercent: idle?.belowPercent ?? 1,
    windowSeconds: idle?.windowSeconds ?? 1_800,
    ...(prices === undefined ? {} : { prices }),
  };
}
