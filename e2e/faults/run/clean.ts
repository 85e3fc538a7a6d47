import { setTimeout as delay } from 'node:timers/promises';
import type { Harness } from '../harness.ts';
import type { Leaves } from '../oracles/leaves.ts';
import { learn, type Reference } from '../oracles/reference.ts';
import { agree, type CleanRun, effectsOf, pointsOf, type Trace, type TraceFrame } from '../plan/trace.ts';
import type { FrameRecord } from '../proxy/watch-stream.ts';
import type { Workload } from '../workloads/workload.ts';

/** As many clean runs as Sieve takes to tell what varies by itself. */
export const CLEAN_RUNS = 3;
/** How many silences the first write of a step may take. */
const FIRST_WRITE = 3;
const POLL_MILLIS = 250;
const LIMIT_MILLIS = 60_000;

interface Run {
  readonly states: readonly Leaves[];
  readonly run: CleanRun;
}

/** Runs a workload without faults, all runs at a time, and learns from them. Throws when the runs differ too much to judge by. */
export async function traceOf(harness: Harness, workload: Workload, tokens: readonly string[]): Promise<Trace> {
  const runs = await Promise.all(tokens.map((token) => cleanRun(harness, workload, token)));
  const references: Reference[] = workload.steps.map(({ name }, step) => {
    try {
      return learn(
        runs.map(({ states }) => states[step] ?? new Map()),
        workload.varies,
      );
    } catch (cause) {
      throw new Error(`workload ${workload.name}, step ${name}: ${cause instanceof Error ? cause.message : cause}`);
    }
  });
  return agree(
    workload.name,
    runs.map(({ run }) => run),
    references,
    Math.max(
      workload.steps.findLastIndex(({ needsOperator }) => needsOperator === true),
      0,
    ),
  );
}

async function cleanRun(harness: Harness, workload: Workload, token: string): Promise<Run> {
  const { api, observer, proxy, quietMillis } = harness;
  const frameStarts: number[] = [];
  const states: Leaves[] = [];
  for (const { name, act } of workload.steps) {
    frameStarts.push(proxy.frames.length);
    proxy.journal.enter(token, name);
    await act(token, api);
    await quiet(quietMillis, () => proxy.journal.of(token).at(-1)?.at ?? 0);
    states.push((await observer.look()).of(token));
  }
  const writes = proxy.journal.of(token);
  const run = {
    points: pointsOf(
      writes,
      workload.steps.map(({ name }) => name),
    ),
    frames: framesOf(proxy.frames, token, frameStarts),
    effects: effectsOf(writes, token),
    writes: writes.filter(({ noise }) => !noise).length,
  };
  for (const leaving of workload.leavings(token)) await api.remove(leaving);
  return { states, run };
}

/** Waits until the last write is long past; longer for the first one, which a busy machine may keep waiting. */
async function quiet(quietMillis: number, lastWrite: () => number): Promise<void> {
  const began = Date.now();
  for (;;) {
    const now = Date.now();
    const last = lastWrite();
    if (last > began ? now - last > quietMillis : now - began > FIRST_WRITE * quietMillis) return;
    if (now - began > LIMIT_MILLIS) throw new Error('the clean run never falls silent');
    await delay(POLL_MILLIS);
  }
}

function framesOf(frames: readonly FrameRecord[], token: string, starts: readonly number[]): readonly TraceFrame[] {
  const seen = new Map<string, number>();
  const own = frames
    .map((frame, index) => ({ ...frame, step: starts.findLastIndex((start) => start <= index) }))
    .filter((frame) => frame.token === token);
  return own.map(({ resource, object, type, step }, index) => {
    const key = `${resource} ${object}`;
    const occurrence = (seen.get(`${step} ${key}`) ?? 0) + 1;
    seen.set(`${step} ${key}`, occurrence);
    const followed = own
      .slice(index + 1)
      .some((later) => `${later.resource} ${later.object}` === key && later.step === step);
    return { resource, object: object, type, step, occurrence, followed };
  });
}
