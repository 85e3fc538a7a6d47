/** A field as dcgm-exporter exposes it. */
export interface Counter {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
}

const gauge = (name: string, help: string): Counter => ({ name, type: 'gauge', help });
const counter = (name: string, help: string): Counter => ({ name, type: 'counter', help });

/**
 * Fields that are switched on in dcgm-exporter's `etc/dcp-metrics-included.csv`, which the GPU Operator uses, with the
 * names, types and help texts of that file. NVLink, vGPU and row-remapping fields are left out: nothing here reads them.
 */
export const counters = {
  smClock: gauge('DCGM_FI_DEV_SM_CLOCK', 'SM clock frequency (in MHz).'),
  memoryClock: gauge('DCGM_FI_DEV_MEM_CLOCK', 'Memory clock frequency (in MHz).'),
  temperature: gauge('DCGM_FI_DEV_GPU_TEMP', 'GPU temperature (in C).'),
  power: gauge('DCGM_FI_DEV_POWER_USAGE', 'Power draw (in W).'),
  energy: counter('DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION', 'Total energy consumption since boot (in mJ).'),
  util: gauge('DCGM_FI_DEV_GPU_UTIL', 'GPU utilization (in %).'),
  memoryCopy: gauge('DCGM_FI_DEV_MEM_COPY_UTIL', 'Memory utilization (in %).'),
  xid: gauge('DCGM_FI_DEV_XID_ERRORS', 'Value of the last XID error encountered.'),
  memoryFree: gauge('DCGM_FI_DEV_FB_FREE', 'Framebuffer memory free (in MiB).'),
  memoryUsed: gauge('DCGM_FI_DEV_FB_USED', 'Framebuffer memory used (in MiB).'),
  memoryReserved: gauge('DCGM_FI_DEV_FB_RESERVED', 'Framebuffer memory reserved (in MiB).'),
  engine: gauge('DCGM_FI_PROF_GR_ENGINE_ACTIVE', 'Ratio of time the graphics engine is active.'),
  tensor: gauge('DCGM_FI_PROF_PIPE_TENSOR_ACTIVE', 'Ratio of cycles the tensor (HMMA) pipe is active.'),
  dram: gauge(
    'DCGM_FI_PROF_DRAM_ACTIVE',
    'Ratio of cycles the device memory interface is active sending or receiving data.',
  ),
} as const satisfies Record<string, Counter>;

/** Which field. */
export type CounterKey = keyof typeof counters;
