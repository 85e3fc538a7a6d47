import type { Sample } from '../../observability/index.ts';
import type { Device } from '../telemetry/devices.ts';

/** How well a device's activity is known: by SM activity, by engine activity, or only by NVML's utilisation. */
export type SignalSource = 'SMActive' | 'GREngine' | 'UtilOnly';

/** A device's activity as a ratio 0…1. */
export interface Signal {
  readonly source: SignalSource;
  readonly samples: readonly Sample[];
}

/**
 * The activity of a device for the idle test. Engine activity comes first: it counts copies and graphics too,
 * which SM activity does not. Utilisation is a fallback: 0 % is proof of no kernel, anything above says little.
 */
export function activityOf(device: Device): Signal | undefined {
  const { engine, sm, util } = device.samples;
  if (engine !== undefined) return { source: 'GREngine', samples: engine };
  if (sm !== undefined) return { source: 'SMActive', samples: sm };
  // NVML's utilisation says nothing about a MIG instance.
  if (util === undefined || device.instance !== undefined) return undefined;
  return { source: 'UtilOnly', samples: util.map(({ at, value }) => ({ at, value: value / 100 })) };
}
