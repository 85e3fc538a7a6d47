import type { Sample } from '../../observability/index.ts';
import type { Device } from '../telemetry/devices.ts';
import { medianGap, paired } from '../telemetry/series.ts';
import type { Finding, GateFacts, Rule } from './facts.ts';
import { activityOf } from './signal.ts';

/** The gate: the first rule that finds something names why the target's telemetry is not acted on. */
export const rules: readonly Rule[] = [
  noMetrics, //        nothing was ever seen: the rest has nothing to look at
  duplicateSeries, //  two exporters: every later number could be either's
  staleMetrics, //     the picture is old, however good it was
  migAggregated, //    a whole GPU's series read for an instance of it
  sharedDevice, //     several pods on one GPU: the series is nobody's
  missingDevices, //   some of the pod's GPUs are not seen
  unitMismatch, //     the exporter's units are not what its names say
  shortHistory, //     too young to know
  lowCoverage, //      too many gaps to say "at every sample"
  utilOnly, //         no activity series, and no power to check utilisation by
  frozenSeries, //     values repeat although the GPU lives
  contradictsPower, // activity says one thing, watts another
];

/** The first finding of the gate, or undefined when the telemetry can be trusted. */
export function judge(facts: GateFacts): Finding | undefined {
  for (const rule of rules) {
    const finding = rule(facts);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** No series names the pod. */
export function noMetrics({ devices }: GateFacts): Finding | undefined {
  if (devices.some((device) => everySample(device).length > 0)) return undefined;
  return {
    reason: 'NoMetrics',
    message:
      'no dcgm-exporter series names the pod; check that dcgm-exporter runs on its node, that Prometheus scrapes it, ' +
      'and that it maps GPUs to pods (DCGM_EXPORTER_KUBERNETES=true)',
  };
}

/**
 * The newest news is too old. A sample of activity is news when the energy counter still moves: an exporter that lost
 * its host engine goes on to serve its last values under fresh timestamps, and one whose profiling is paused goes on
 * with power and energy only.
 */
export function staleMetrics(facts: GateFacts): Finding | undefined {
  const limit = Math.max(facts.maxStalenessSeconds, 2 * facts.resolutionSeconds) * 1000;
  const newest = Math.min(...facts.devices.map(lastNews));
  if (facts.now - newest <= limit) return undefined;
  return {
    reason: 'StaleMetrics',
    message:
      `the newest samples are older than ${facts.maxStalenessSeconds} s or repeat old values; check that dcgm-exporter ` +
      'answers its scrapes and that its host engine is alive',
  };
}

function lastNews(device: Device): number {
  const newest = Math.max(...(activityOf(device)?.samples ?? everySample(device)).map(({ at }) => at));
  const { energy, power } = device.samples;
  const draws = power?.some(({ value }) => value > 0) ?? false;
  if (!draws || energy === undefined || energy.length < 2) return newest;
  return Math.min(newest, lastChange(energy));
}

function lastChange(samples: readonly Sample[]): number {
  const index = samples.findLastIndex(({ value }, position) => position > 0 && value !== samples[position - 1]?.value);
  return samples[Math.max(index, 0)]?.at ?? 0;
}

/** Two exporters report one GPU. */
export function duplicateSeries({ devices }: GateFacts): Finding | undefined {
  if (devices.every(({ doubled }) => doubled.length === 0)) return undefined;
  return {
    reason: 'DuplicateSeries',
    message: 'two exporters report the same GPU; run one dcgm-exporter a node and scrape it once',
  };
}

/** The pod holds a MIG instance, the series is the whole GPU's. */
export function migAggregated({ asksMig, devices }: GateFacts): Finding | undefined {
  if (!asksMig || devices.every(({ instance }) => instance !== undefined)) return undefined;
  return {
    reason: 'MigAggregated',
    message: 'the pod holds a MIG instance and the series are of the whole GPU; let dcgm-exporter report instances',
  };
}

/** Several pods hold one GPU, and a series cannot tell them apart. */
export function sharedDevice({ asksMig, sharedNode, devices }: GateFacts): Finding | undefined {
  if (asksMig) return undefined;
  if (!sharedNode && devices.every(({ sharedWith }) => sharedWith.length === 0)) return undefined;
  return {
    reason: 'SharedDevice',
    message: 'several pods may share the GPU, so its activity cannot be attributed to one of them',
  };
}

/** Fewer GPUs are seen than the pod holds. */
export function missingDevices({ devices, devicesExpected }: GateFacts): Finding | undefined {
  if (devices.length >= devicesExpected) return undefined;
  return { reason: 'MissingDevices', message: 'not every GPU of the pod has series; check dcgm-exporter on its node' };
}

/** A ratio above 1.05, or more memory in use than the GPU has. */
export function unitMismatch({ devices, memoryMiB }: GateFacts): Finding | undefined {
  const ratio = devices.some(({ samples }) =>
    [samples.engine, samples.sm].some((values) => values?.some(({ value }) => value > 1.05)),
  );
  const memory =
    memoryMiB !== undefined &&
    devices.some(({ samples }) => samples.memoryUsed?.some(({ value }) => value > memoryMiB));
  if (!ratio && !memory) return undefined;
  return {
    reason: 'UnitMismatch',
    message: ratio
      ? 'an activity ratio is above 1; a recording or relabelling rule may have turned it into a percentage'
      : 'more memory is in use than the GPU has; the series may be in bytes instead of MiB',
  };
}

/** The window begins before the first sample. */
export function shortHistory(facts: GateFacts): Finding | undefined {
  const since = Math.max(...facts.devices.map((device) => activityOf(device)?.samples[0]?.at ?? facts.now));
  const needed = facts.windowSeconds * (facts.minCoveragePercent / 100) * 1000;
  if (facts.devices.every((device) => activityOf(device) === undefined) || facts.now - since >= needed)
    return undefined;
  return {
    reason: 'ShortHistory',
    message: `the series do not reach back over the window of ${facts.windowSeconds} s yet; nothing to do but wait`,
  };
}

/** Too many samples of the window are missing. */
export function lowCoverage(facts: GateFacts): Finding | undefined {
  const known = facts.devices.flatMap((device) => activityOf(device) ?? []);
  if (known.every(({ samples }) => coverage(samples, facts.windowSeconds) >= facts.minCoveragePercent))
    return undefined;
  return {
    reason: 'LowCoverage',
    message: `less than ${facts.minCoveragePercent} % of the expected samples are there; check for failing scrapes`,
  };
}

/** The share of the window that the samples cover, in whole percent; the expected interval is their median gap. */
export function coverage(samples: readonly Sample[], windowSeconds: number): number {
  const gap = medianGap(samples);
  if (gap === undefined) return 0;
  return Math.min(100, Math.floor((100 * samples.length * gap) / (windowSeconds * 1000)));
}

/** Only NVML's utilisation is known, and no power to confirm it. */
export function utilOnly({ devices }: GateFacts): Finding | undefined {
  const blind = devices.some((device) => {
    const signal = activityOf(device);
    return signal === undefined || (signal.source === 'UtilOnly' && device.samples.power === undefined);
  });
  if (!blind) return undefined;
  return {
    reason: 'UtilOnly',
    message:
      'neither DCGM_FI_PROF_GR_ENGINE_ACTIVE nor DCGM_FI_PROF_SM_ACTIVE is exported for the device, and there is no ' +
      'power to confirm utilisation by; add the profiling fields to the counters file of dcgm-exporter',
  };
}

/** Below this many samples a repeated value is a coincidence. */
const FROZEN_SAMPLES = 10;

/**
 * An activity between nothing and everything is exactly the same at every sample while the energy counter moves.
 * Exactly 0 and exactly 1 are what idle and saturated GPUs report, so they prove nothing.
 */
export function frozenSeries({ devices }: GateFacts): Finding | undefined {
  const frozen = devices.some((device) => {
    const { samples } = activityOf(device) ?? { samples: [] };
    const first = samples[0]?.value ?? 0;
    const same = samples.length >= FROZEN_SAMPLES && samples.every(({ value }) => value === first);
    return same && first > 0 && first < 0.99 && moves(device.samples.energy ?? []);
  });
  if (!frozen) return undefined;
  return {
    reason: 'FrozenSeries',
    message: 'activity repeats one value while energy is consumed; restart dcgm-exporter and its host engine',
  };
}

function moves(samples: readonly Sample[]): boolean {
  return samples.some(({ value }) => value !== samples[0]?.value);
}

/** More than this share of contradicting samples is no edge between two phases of work. */
const CONTRADICTING_SHARE = 0.2;

/** Activity of 90 % at the power of an idle GPU, or none at all at 30 % above it. */
export function contradictsPower({ devices, idleWatts, asksMig }: GateFacts): Finding | undefined {
  // Power is of the whole GPU: its other instances may draw it.
  if (idleWatts === undefined || asksMig) return undefined;
  const contradicted = devices.some((device) => {
    const pairs = paired(activityOf(device)?.samples ?? [], device.samples.power ?? []);
    const wrong = pairs.filter(
      ([activity, watts]) =>
        (activity >= 0.9 && watts <= idleWatts * 1.1) || (activity === 0 && watts >= idleWatts * 1.3),
    );
    return wrong.length > pairs.length * CONTRADICTING_SHARE;
  });
  if (!contradicted) return undefined;
  return {
    reason: 'ContradictsPower',
    message: 'activity and power contradict each other; one of them is wrong, so neither is acted on',
  };
}

function everySample({ samples }: Device): readonly Sample[] {
  return Object.values(samples).flat();
}
