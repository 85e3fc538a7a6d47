/** The series of NVIDIA's dcgm-exporter that the levers read (its `etc/default-counters.csv`). */
export const metricNames = {
  /** Ratio of time any engine was active, 0…1. */
  engine: 'DCGM_FI_PROF_GR_ENGINE_ACTIVE',
  /** Ratio of cycles with a warp on an SM, 0…1; off in the exporter's default list. */
  sm: 'DCGM_FI_PROF_SM_ACTIVE',
  /** Percent of time any kernel ran; an upper bound of need, silent under MIG. */
  util: 'DCGM_FI_DEV_GPU_UTIL',
  /** Watts, of the whole GPU even where a MIG instance is named. */
  power: 'DCGM_FI_DEV_POWER_USAGE',
  /** Millijoules since the driver was loaded, of the whole GPU. */
  energy: 'DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION',
  /** Framebuffer in use, MiB. */
  memoryUsed: 'DCGM_FI_DEV_FB_USED',
} as const;

/** Which of the series, by our short name. */
export type MetricKey = keyof typeof metricNames;

/** All short names, in the order in which they are asked for. */
export const metricKeys: readonly MetricKey[] = ['engine', 'sm', 'util', 'power', 'energy', 'memoryUsed'];
