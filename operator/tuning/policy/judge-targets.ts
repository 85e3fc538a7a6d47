import type { Finding } from '../gate/facts.ts';
import { judge } from '../gate/rules.ts';
import { type IdleObservation, judgeIdle } from '../levers/idle.ts';
import { learnIdleWatts } from '../levers/idle-power.ts';
import type { Device } from '../telemetry/devices.ts';
import type { Settings } from './settings.ts';
import type { Target } from './targets.ts';

/** What is known of one target after gate and lever. */
export type Judgement =
  | { readonly kind: 'Young' } // does not run for a whole window yet
  | { readonly kind: 'Kept' } // its owner asked to be left alone
  | { readonly kind: 'Refused'; readonly finding: Finding }
  | { readonly kind: 'Busy' }
  | { readonly kind: 'Idle'; readonly seen: IdleObservation };

/** A target with its judgement. */
export interface Judged {
  readonly target: Target;
  readonly judgement: Judgement;
}

/** What the telemetry says, as far as the judgement needs it. */
export interface Seen {
  readonly devices: ReadonlyMap<string, readonly Device[]>;
  readonly resolutionSeconds: number;
}

/** Passes every target through the gate, then through the idle lever. `now` in milliseconds. */
export function judgeTargets(
  targets: readonly Target[],
  seen: Seen,
  settings: Settings,
  now: number,
): readonly Judged[] {
  const below = settings.belowPercent / 100;
  const idleWatts = learnIdleWatts(
    targets.flatMap(({ pod, model }) => (seen.devices.get(pod.name) ?? []).map((device) => ({ model, device }))),
    below,
  );
  return targets.map((target) => ({ target, judgement: judgeOne(target, seen, settings, now, idleWatts) }));
}

function judgeOne(
  target: Target,
  seen: Seen,
  settings: Settings,
  now: number,
  learned: ReadonlyMap<string, number>,
): Judgement {
  if (target.keepUntil !== undefined && target.keepUntil > now) return { kind: 'Kept' };
  if (now - target.pod.startedAt < settings.windowSeconds * 1000) return { kind: 'Young' };
  const devices = seen.devices.get(target.pod.name) ?? [];
  const idleWatts = learned.get(target.model);
  const finding = judge({
    now,
    windowSeconds: settings.windowSeconds,
    maxStalenessSeconds: settings.maxStalenessSeconds,
    minCoveragePercent: settings.minCoveragePercent,
    resolutionSeconds: seen.resolutionSeconds,
    devicesExpected: target.devices,
    asksMig: target.migProfile !== undefined,
    sharedNode: target.sharedNode,
    ...(target.memoryMiB === undefined ? {} : { memoryMiB: target.memoryMiB }),
    ...(idleWatts === undefined ? {} : { idleWatts }),
    devices,
  });
  if (finding !== undefined) return { kind: 'Refused', finding };
  return judgeIdle({
    below: settings.belowPercent / 100,
    windowSeconds: settings.windowSeconds,
    ...(idleWatts === undefined ? {} : { idleWatts }),
    devices,
  });
}
