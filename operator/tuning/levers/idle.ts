import { coverage } from '../gate/rules.ts';
import { activityOf } from '../gate/signal.ts';
import type { Device } from '../telemetry/devices.ts';
import { greatest } from '../telemetry/series.ts';

/** What the idle lever looks at: the devices of one pod, whose telemetry has passed the gate. */
export interface IdleFacts {
  /** Activity below which a GPU counts as idle, as a ratio. */
  readonly below: number;
  readonly windowSeconds: number;
  /** Idle-with-context power of the model in watts, where learned. */
  readonly idleWatts?: number;
  readonly devices: readonly Device[];
}

/** What was seen of an idle pod. */
export interface IdleObservation {
  /** Samples of activity, over all devices. */
  readonly samples: number;
  /** The least coverage of a device, in whole percent. */
  readonly coveragePercent: number;
  /** The greatest activity, as a ratio. */
  readonly activity: number;
  /** The greatest power in watts and the level it was held against, where power could be used. */
  readonly power?: { readonly watts: number; readonly idleWatts: number };
}

/** Idle with what was seen, or in use. */
export type IdleVerdict = { readonly kind: 'Idle'; readonly seen: IdleObservation } | { readonly kind: 'Busy' };

/** Above idle-with-context power by this factor, a GPU works even if its activity series says it does not. */
const POWER_TOLERANCE = 1.1;

/**
 * Idle is: on every device of the pod, activity below the threshold at every sample of the window, and, where power is
 * known and the device's own, power below idle-with-context + 10 % (after wseaton/gpu-pruner's test of both).
 */
export function judgeIdle(facts: IdleFacts): IdleVerdict {
  const seen = facts.devices.map((device) => look(device, facts));
  if (seen.length === 0 || seen.some((one) => one === undefined)) return { kind: 'Busy' };
  const idle = seen.filter((one) => one !== undefined);
  const watts = idle.flatMap((one) => one.watts ?? []);
  return {
    kind: 'Idle',
    seen: {
      samples: idle.reduce((sum, one) => sum + one.samples, 0),
      coveragePercent: Math.min(...idle.map((one) => one.coveragePercent)),
      activity: Math.max(...idle.map((one) => one.activity)),
      ...(facts.idleWatts === undefined || watts.length === 0
        ? {}
        : { power: { watts: Math.max(...watts), idleWatts: facts.idleWatts } }),
    },
  };
}

interface Look {
  readonly samples: number;
  readonly coveragePercent: number;
  readonly activity: number;
  readonly watts?: number;
}

function look(device: Device, { below, windowSeconds, idleWatts }: IdleFacts): Look | undefined {
  const samples = activityOf(device)?.samples ?? [];
  const activity = greatest(samples);
  if (activity === undefined || activity >= below) return undefined;
  const watts = device.instance === undefined ? greatest(device.samples.power ?? []) : undefined;
  if (watts !== undefined && idleWatts !== undefined && watts >= idleWatts * POWER_TOLERANCE) return undefined;
  return {
    samples: samples.length,
    coveragePercent: coverage(samples, windowSeconds),
    activity,
    ...(watts === undefined ? {} : { watts }),
  };
}
