/** Plans of one group, run through all their steps with two windows of silence: one while everything exists, one after it went. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Harness } from '../harness.ts';
import { type Finding, judgeEffects, judgeState, judgeWrites } from '../oracles/judge.ts';
import type { Snapshot } from '../oracles/observer.ts';
import { compare } from '../oracles/reference.ts';
import type { Plan, Result } from '../plan/plan.ts';
import { effectsOf, type Trace } from '../plan/trace.ts';
import { withoutToken } from '../proxy/token.ts';
import type { Workload } from '../workloads/workload.ts';
import { inLanes } from './lanes.ts';
import { advance, owed, prepare, type Running } from './run-plan.ts';

/** A plan with the token of its objects. */
export interface Assigned {
  readonly plan: Plan;
  readonly token: string;
}

/** What batches are run with. */
export interface BatchOptions {
  readonly harness: Harness;
  readonly workloads: readonly Workload[];
  readonly traces: readonly Trace[];
  /** Plans at a time. */
  readonly width: number;
  /** Length of a window of silence. */
  readonly silenceMillis: number;
  readonly onProgress: (plan: Plan) => void;
}

/** A window of silence must come within this after the last plan has converged, as O3 allows a plan 30 s. */
const SETTLE_MILLIS = 30_000;
const POLL_MILLIS = 250;

/** Runs plans and judges them. */
export async function runBatch(options: BatchOptions, assigned: readonly Assigned[]): Promise<readonly Result[]> {
  const { harness, onProgress, width } = options;
  const crashesBefore = harness.subject.crashes.length;
  const running = assigned.map((one) => prepared(options, one));
  const noisy = new Map<string, Finding>();
  await inLanes(running, width, async (one) => {
    await advance(harness, one, 0, one.workload.steps.length - 1);
    onProgress(one.plan);
  });
  await silence(options, running, noisy);
  const between = await harness.observer.look();
  await inLanes(running, width, async (one) => {
    const last = one.workload.steps.length - 1;
    await advance(harness, one, last, last + 1);
    if (one.armed !== undefined) harness.proxy.board.disarm(one.armed);
  });
  await silence(options, running, noisy);
  const after = await harness.observer.look();
  const crashes = harness.subject.crashes.slice(crashesBefore);
  for (const { workload, token } of running) {
    for (const leaving of workload.leavings(token)) await harness.api.remove(leaving);
  }
  return running.map((one, index) => {
    const noise = noisy.get(one.token);
    const violations = [
      ...judgeOne(harness, one, between, after),
      ...(noise === undefined ? [] : [noise]),
      // A crash that no plan caused cannot be laid on one of them for sure: the first of the batch names it.
      ...(index === 0 ? crashes.map(crash) : []),
    ];
    return { plan: one.plan, fired: one.armed?.fired === true, violations };
  });
}

function prepared({ traces, workloads }: BatchOptions, { plan, token }: Assigned): Running {
  const workload = workloads.find(({ name }) => name === plan.workload);
  const trace = traces.find((each) => each.workload === plan.workload);
  if (workload === undefined || trace === undefined) throw new Error(`no workload is called ${plan.workload}`);
  return prepare(plan, token, workload, trace);
}

/** A plan that got stuck is judged by where it got stuck; the others by what stood still between the steps and after them. */
function judgeOne(harness: Harness, one: Running, between: Snapshot, after: Snapshot): readonly Finding[] {
  const { failed, returned, stuck, token, trace } = one;
  if (failed !== undefined) return [{ oracle: 'checker', object: 'plan', expected: 'to be run', actual: failed }];
  if (stuck !== undefined) {
    return judgeState(stuck.differences).map((finding) => ({
      ...finding,
      object: `step ${stuck.step}: ${finding.object}`,
    }));
  }
  const writes = harness.proxy.journal.of(token).filter(({ noise }) => !noise);
  const [before, last] = trace.references.slice(-2);
  return [
    ...(before === undefined || returned === true ? [] : judgeState(compare(before, between.of(token)))),
    ...(last === undefined ? [] : judgeState(owed(one, compare(last, after.of(token))))),
    // What its users took back while it was away it need not have made.
    ...judgeEffects(trace, effectsOf(writes, token), returned === true ? 'at-most' : 'exactly'),
    ...judgeWrites(
      trace,
      writes.map(({ life }) => life),
    ),
  ];
}

function crash(actual: string): Finding {
  return { oracle: 'crash', object: 'program', expected: 'none', actual };
}

/** O3: after everything has settled nothing is written for a while. */
async function silence(options: BatchOptions, started: readonly Running[], noisy: Map<string, Finding>): Promise<void> {
  const { harness, silenceMillis } = options;
  const began = Date.now();
  const tokens = new Set(started.map(({ token }) => token));
  for (;;) {
    const now = Date.now();
    const lately = harness.proxy.journal.since(Math.max(began, now - silenceMillis));
    // What an earlier batch left is being cleaned up meanwhile.
    const recent = lately.filter(({ token }) => token !== undefined && tokens.has(token));
    if (now - began > silenceMillis && recent.length === 0) return;
    if (now - began > SETTLE_MILLIS + silenceMillis) {
      for (const { token } of started) {
        const own = recent.filter((write) => write.token === token);
        const [write] = own;
        if (write === undefined) continue;
        const object = withoutToken(`${write.controller} ${write.verb} ${write.object}`, token);
        const seconds = silenceMillis / 1000;
        noisy.set(token, {
          oracle: 'silence',
          object,
          expected: `no write for ${seconds} s`,
          actual: `${own.length} writes`,
        });
      }
      return;
    }
    await delay(POLL_MILLIS);
  }
}
