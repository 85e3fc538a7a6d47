import { setTimeout as delay } from 'node:timers/promises';
import type { Harness } from '../harness.ts';
import { compare, type Difference } from '../oracles/reference.ts';
import type { Plan } from '../plan/plan.ts';
import type { Trace } from '../plan/trace.ts';
import type { ArmedWatch, ArmedWrite } from '../proxy/board.ts';
import type { Workload } from '../workloads/workload.ts';

/** A plan that is under way. */
export interface Running {
  readonly plan: Plan;
  readonly token: string;
  readonly workload: Workload;
  readonly trace: Trace;
  /** The fault, from the step on in which its point comes. */
  armed?: ArmedWrite | ArmedWatch;
  /** What keeps the cluster busy on behalf of the plan. */
  action?: Promise<void>;
  /** Whether the operator came back after it stayed away. */
  returned?: true;
  /** The step whose end state never came, and how the state differed from it. */
  stuck?: { readonly step: string; readonly differences: readonly Difference[] };
  /** Why the checker itself could not go on with the plan: it proves nothing, and the others go on. */
  failed?: string;
}

type Fault = Plan['injection']['fault'];

/** What waits for a time limit of the operator itself has that on top of the usual time. */
const EXTRA_MILLIS: Readonly<Partial<Record<Fault, number>>> = {
  // A stream that several plans break in a row is opened again after up to 30 s.
  delay: 35_000,
  expire: 35_000,
  cut: 35_000,
  double: 35_000,
  split: 35_000,
  hang: 135_000,
  blackhole: 135_000,
  restart: 30_000,
  compaction: 30_000,
};
/** How long the cluster goes on without the operator's watches before it forgets its past. */
const UNWATCHED_MILLIS = 1_500;
/** How long a fault may take to meet its point once the state is reached: as long as the operator holds back writes. */
const FIRE_MILLIS = 6_500;

/** A plan of which nothing has happened yet. */
export function prepare(plan: Plan, token: string, workload: Workload, trace: Trace): Running {
  return { plan, token, workload, trace };
}

function arm(harness: Harness, running: Running): ArmedWrite | ArmedWatch {
  const { plan, token } = running;
  const { injection } = plan;
  const { board } = harness.proxy;
  if (injection.kind === 'watch') {
    const { fault, resource, object, occurrence } = injection;
    return board.armWatch({ token, resource, fault, object, occurrence });
  }
  if (injection.kind === 'write') return board.armWrite({ token, point: injection.point, fault: injection.fault });
  const compact = injection.fault === 'compaction';
  const before = async (): Promise<void> => {
    if (compact) harness.proxy.refuseWatches();
    // The write and what follows from it happen while nothing is watched; without compaction the write meets a server that goes away.
    running.action = delay(compact ? UNWATCHED_MILLIS : 0)
      .then(() => harness.restartApiserver({ compact }))
      .finally(() => harness.proxy.allowWatches());
  };
  return board.armWrite({ token, point: injection.point, fault: 'reset-after', before });
}

/** Does steps of a plan one after the other, each once the one before has led to its end state; stops where it never comes. */
export async function advance(harness: Harness, running: Running, from: number, to: number): Promise<void> {
  try {
    await walk(harness, running, from, to);
  } catch (error) {
    running.failed = error instanceof Error ? error.message : String(error);
    await running.action?.catch(() => undefined);
  }
}

function isOver({ failed, returned, stuck }: Running): boolean {
  return stuck !== undefined || returned !== undefined || failed !== undefined;
}

async function walk(harness: Harness, running: Running, from: number, to: number): Promise<void> {
  const { plan, token, workload } = running;
  for (let step = from; step < to && !isOver(running); step += 1) {
    harness.proxy.journal.enter(token, workload.steps[step]?.name ?? '');
    if (step === plan.step) running.armed = arm(harness, running);
    await workload.steps[step]?.act(token, harness.api);
    await settle(harness, running, step);
    if (isAway(running)) return await comeBack(harness, running, step);
    await running.action;
    await harness.subject.working();
  }
}

function isAway({ plan, armed, returned }: Running): boolean {
  return plan.injection.fault === 'away' && armed?.fired === true && returned === undefined;
}

/** Lets the users do all that is left, the operator being away, and judges what it makes of the end of it. */
async function comeBack(harness: Harness, running: Running, step: number): Promise<void> {
  const { steps } = running.workload;
  for (const { act } of steps.slice(step + 1)) await act(running.token, harness.api);
  running.returned = true;
  await harness.subject.comeBack();
  await settle(harness, running, steps.length - 1);
}

/** Without what an operator that was away while its users took everything back need not have made. */
export function owed({ returned, trace }: Running, differences: readonly Difference[]): readonly Difference[] {
  if (returned !== true) return differences;
  return differences.filter(({ kind, object }) => kind !== 'missing' || !trace.effects.has(`create ${object}`));
}

/** Waits for the end state of a step, and for the fault if this is its step. */
async function settle(harness: Harness, running: Running, step: number): Promise<void> {
  const { plan, token, trace, workload } = running;
  const reference = trace.references[step];
  if (reference === undefined) throw new Error(`workload ${workload.name} has no step ${step}`);
  const patience = harness.convergeMillis + (EXTRA_MILLIS[plan.injection.fault] ?? 0);
  let limit = Date.now() + patience;
  let reachedAt: number | undefined;
  for (;;) {
    const state = (await harness.observer.look()).of(token);
    const differences = owed(running, compare(reference, state, workload.awaited));
    if (isAway(running)) return;
    const now = Date.now();
    // The time counts from when the operator is back: how long a start takes is the machine's matter.
    if (!harness.subject.isWorking()) limit = now + patience;
    reachedAt = differences.length === 0 ? (reachedAt ?? now) : undefined;
    const due = plan.step === step && running.armed?.fired !== true;
    if (reachedAt !== undefined && (!due || now - reachedAt > FIRE_MILLIS)) return;
    if (reachedAt === undefined && now > limit) {
      running.stuck = { step: workload.steps[step]?.name ?? String(step), differences };
      return;
    }
  }
}
