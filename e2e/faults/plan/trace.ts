import type { Reference } from '../oracles/reference.ts';
import type { Write } from '../proxy/journal.ts';
import { withoutToken } from '../proxy/token.ts';
import type { FrameRecord } from '../proxy/watch-stream.ts';

/** One write of a clean run. */
export interface TracePoint {
  readonly point: string;
  readonly controller: string;
  readonly verb: string;
  readonly object: string;
  readonly step: number;
}

/** One frame of a clean run. */
export interface TraceFrame extends Omit<FrameRecord, 'token'> {
  readonly step: number;
  /** Which frame about its object on its resource it is in its step, from 1. */
  readonly occurrence: number;
  /** Whether another frame about the object follows in the same step. */
  readonly followed: boolean;
}

/** What one clean run of a workload wrote and saw. */
export interface CleanRun {
  readonly points: readonly TracePoint[];
  readonly frames: readonly TraceFrame[];
  /** How often each object was created or deleted: `create object` → count. */
  readonly effects: ReadonlyMap<string, number>;
  readonly writes: number;
}

/** What clean runs of a workload agree on. */
export interface Trace {
  readonly workload: string;
  /** Writes that every clean run has. */
  readonly points: readonly TracePoint[];
  readonly frames: readonly TraceFrame[];
  /** The end state of each step. */
  readonly references: readonly Reference[];
  /** The least and the most that clean runs created or deleted of each object. */
  readonly effects: ReadonlyMap<string, { readonly least: number; readonly most: number }>;
  /** The first step after which users can go on without the operator. */
  readonly unattendedFrom: number;
  /** The most writes of one clean run. */
  readonly writes: number;
}

/** The writes of one run as points; `stepAt` tells the step of a moment. */
export function pointsOf(writes: readonly Write[], steps: readonly string[]): readonly TracePoint[] {
  return writes
    .filter(({ noise }) => !noise)
    .map(({ point, controller, verb, object, token, step }) => ({
      point,
      controller,
      verb,
      object: token === undefined ? object : withoutToken(object, token),
      step: steps.indexOf(step),
    }));
}

/** Creates and deletes that the API server carried out, events left out. */
export function effectsOf(writes: readonly Write[], token: string): ReadonlyMap<string, number> {
  const effects = new Map<string, number>();
  for (const { verb, object, status, noise } of writes) {
    if (noise || status === undefined || status >= 300) continue;
    // Server-side apply answers 201 when it made the object.
    const effect =
      verb === 'delete' ? 'delete' : status === 201 && !object.includes('/eviction ') ? 'create' : undefined;
    if (effect === undefined) continue;
    const key = `${effect} ${withoutToken(object, token)}`;
    effects.set(key, (effects.get(key) ?? 0) + 1);
  }
  return effects;
}

/** Joins clean runs: points and frames that all of them have, and the range of their effects. */
export function agree(
  workload: string,
  runs: readonly CleanRun[],
  references: readonly Reference[],
  unattendedFrom: number,
): Trace {
  const [first] = runs;
  if (first === undefined) throw new Error('a trace needs at least one clean run');
  const inAll = (has: (run: CleanRun) => boolean): boolean => runs.every(has);
  const names = new Set(runs.flatMap(({ effects }) => [...effects.keys()]));
  const effects = [...names].map((name) => {
    const counts = runs.map((run) => run.effects.get(name) ?? 0);
    return [name, { least: Math.min(...counts), most: Math.max(...counts) }] as const;
  });
  return {
    workload,
    points: first.points.filter((point) => inAll(({ points }) => points.some((other) => other.point === point.point))),
    frames: first.frames.filter((frame) => inAll(({ frames }) => frames.some((other) => sameFrame(frame, other)))),
    references,
    effects: new Map(effects),
    unattendedFrom,
    writes: Math.max(...runs.map(({ writes }) => writes)),
  };
}

function sameFrame(one: TraceFrame, other: TraceFrame): boolean {
  const same = one.resource === other.resource && one.object === other.object && one.occurrence === other.occurrence;
  return same && one.followed === other.followed && one.step === other.step;
}
