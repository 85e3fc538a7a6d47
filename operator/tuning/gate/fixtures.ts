import type { Sample } from '../../observability/index.ts';
import type { Device } from '../telemetry/devices.ts';
import type { MetricKey } from '../telemetry/metric-names.ts';
import type { GateFacts } from './facts.ts';

/** The moment at which every fixture is looked at: 2026-08-01T12:00:00Z. */
export const fixtureNow = Date.parse('2026-08-01T12:00:00Z');

/** Samples every 2 s over the last minute; `value` gets the sample's position. */
export function minute(value: number | ((position: number) => number), count = 30): readonly Sample[] {
  return Array.from({ length: count }, (_, position) => ({
    at: fixtureNow - (count - 1 - position) * 2_000,
    value: typeof value === 'number' ? value : value(position),
  }));
}

/** A device with an idle engine, 115 W and a moving energy counter; `samples` replaces metrics, undefined removes one. */
export function deviceOf(
  samples: Partial<Record<MetricKey, readonly Sample[] | undefined>> = {},
  rest: Partial<Omit<Device, 'samples'>> = {},
): Device {
  const all = {
    engine: minute(0),
    util: minute(0),
    power: minute((position) => 115 + (position % 3) / 10),
    energy: minute((position) => 1_000_000 + 230_000 * position),
    ...samples,
  };
  const present = Object.entries(all).filter(([, values]) => values !== undefined);
  return { uuid: 'GPU-1', doubled: [], sharedWith: [], samples: Object.fromEntries(present), ...rest };
}

/** Facts that pass the gate. */
export function gateFacts(facts: Partial<GateFacts> = {}): GateFacts {
  return {
    now: fixtureNow,
    windowSeconds: 60,
    maxStalenessSeconds: 15,
    minCoveragePercent: 90,
    resolutionSeconds: 0,
    devicesExpected: 1,
    asksMig: false,
    sharedNode: false,
    devices: [deviceOf()],
    ...facts,
  };
}
