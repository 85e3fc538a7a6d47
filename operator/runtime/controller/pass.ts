/** One pass over one key: finalizer, reconcile, status. The whole outcome policy stands in `settle`. */
import type { Logger } from '../../observability/index.ts';
import { ApiError, Conflict, NotFound } from '../client/errors.ts';
import { apiVersionOf, keyOf, keyText } from '../kinds.ts';
import {
  type ConditionIntent,
  type Context,
  type Controller,
  type Key,
  type KubeObject,
  type Outcome,
  Terminal,
  Waiting,
} from '../types.ts';
import { holds, objectId } from './applied.ts';
import { managerOf, PassContext, type PassEnvironment, PrimaryGone } from './context.ts';
import { PassLog } from './pass-log.ts';
import { writesStatus } from './permissions.ts';
import { type Failure, statusAfterFailure, statusAfterSuccess, statusOf, type WrittenStatus } from './status.ts';

const blockedMillis = 10_000;
const settleMillis = 5_000;
const reportMillis = 5_000;

/** How a pass ended, in the words of the metric `controller_runtime_reconcile_total`. */
export type PassResult =
  | { readonly result: 'success' }
  | { readonly result: 'requeue_after'; readonly after: number }
  | { readonly result: 'error'; readonly error: unknown; readonly retry: 'backoff' | 'on-change' };

/**
 * A pass took longer than its controller allows.
 * @remedy nothing if it passes; else see in the log which call the passes of this controller wait for
 */
export class PassTimeout extends Error {
  override readonly name = 'PassTimeout';
  readonly code = 'PassTimeout';
}

/**
 * The process stops or has lost its lease; the pass ends without a word in status.
 * @remedy nothing: the work is taken up by the next process
 */
export class PassStopped extends Error {
  override readonly name = 'PassStopped';
  readonly code = 'PassStopped';
}

/** Passes of one key that failed in a row before this one. */
export interface FailureRow {
  readonly count: number;
  /** Milliseconds since the first of them. */
  readonly millis: number;
}

/** Runs one pass. Never throws. */
export async function pass(
  environment: PassEnvironment,
  key: Key,
  signal: AbortSignal,
  failures: FailureRow = { count: 0, millis: 0 },
): Promise<PassResult> {
  const { controller, reader } = environment;
  const log = new PassLog(environment.log, { controller: controller.name, key: keyText(key) });
  const primary = controller.primary === undefined ? undefined : reader.get(controller.primary, key);
  const context = new PassContext(environment, key, primary, log, signal);
  try {
    const outcome = await orGiveUp(act(environment, key, primary, context), signal);
    if (primary !== undefined && outcome?.status !== undefined) {
      const mark = environment.breaker?.condition(keyText(key));
      const status = statusAfterSuccess(primary, withConditions(outcome.status), context.now(), mark);
      environment.applied.keepStatus(...statusId(controller, key), primary.metadata.uid, status);
      await writeStatus(environment, primary, status, signal);
    }
    return outcome?.after === undefined
      ? { result: 'success' }
      : { result: 'requeue_after', after: delayOf(outcome.after) };
  } catch (error) {
    // The news of the deletion brings the next pass.
    if (error instanceof PrimaryGone) return { result: 'success' };
    if (signal.reason instanceof PassStopped) return settle(error);
    const unsaid = await reportFailure(environment, primary, error, failures, log);
    return settle(error, unsaid);
  }
}

/**
 * Rejects with the signal's reason when work that was told to end goes on for 5 s: it is left alone, its context
 * refuses, and what it ends with reaches no status.
 */
async function orGiveUp<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const late = Promise.withResolvers<never>();
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    timer = setTimeout(() => late.reject(signal.reason), settleMillis);
  };
  if (signal.aborted) wait();
  else signal.addEventListener('abort', wait, { once: true });
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', wait);
  }
}

/** Throws TypeError for what is no number: a key that comes back "never" by mistake would be lost. */
function delayOf(after: number): number {
  if (!Number.isFinite(after)) throw new TypeError(`a pass asked to be repeated after ${after} ms; give milliseconds`);
  return Math.max(after, 0);
}

/** What could not be said in status is said soon: who waits an hour, or for a change, would be silent as long. */
function settle(error: unknown, unsaid?: unknown): PassResult {
  const isPatient = error instanceof Waiting || error instanceof Terminal;
  if (isPatient && unsaid !== undefined) return { result: 'error', error: unsaid, retry: 'backoff' };
  if (error instanceof Waiting && Number.isFinite(error.after)) {
    return { result: 'requeue_after', after: delayOf(error.after) };
  }
  return { result: 'error', error, retry: error instanceof Terminal ? 'on-change' : 'backoff' };
}

async function act(
  environment: PassEnvironment,
  key: Key,
  primary: KubeObject | undefined,
  context: Context,
): Promise<Outcome<object> | undefined> {
  const { controller } = environment;
  const blocked = environment.blocked?.();
  if (blocked !== undefined) throw new Waiting('CacheNotReady', blocked, blockedMillis);
  if (controller.primary === undefined) return controller.reconcile(undefined, context);
  if (primary === undefined) {
    await controller.gone?.(key, context);
    return undefined;
  }
  const { finalizer } = controller;
  const deleting = primary.metadata.deletionTimestamp !== undefined;
  if (finalizer === undefined) {
    // What a deleting object owns is the garbage collector's; applying it again would fight.
    return deleting && controller.owns.length > 0 ? undefined : controller.reconcile(primary, context);
  }
  const held = primary.metadata.finalizers?.includes(finalizer.name) === true;
  if (deleting) {
    if (!held) return undefined;
    await finalizer.forget(primary, context);
    await setFinalizers(environment, primary, (names) => names.filter((n) => n !== finalizer.name), context.signal);
    return undefined;
  }
  if (held) return controller.reconcile(primary, context);
  const marked = await setFinalizers(environment, primary, (names) => [...names, finalizer.name], context.signal);
  // Gone meanwhile: an effect now would have nobody who takes it back.
  return marked === undefined ? undefined : controller.reconcile(marked, context);
}

/** Changes finalizers under a version precondition, because the list is shared with others. */
async function setFinalizers(
  { backend, controller, overlay }: PassEnvironment,
  object: KubeObject,
  change: (names: readonly string[]) => readonly string[],
  signal: AbortSignal,
): Promise<KubeObject | undefined> {
  const kind = controller.primary;
  if (kind === undefined) return undefined;
  const { resourceVersion, uid, finalizers = [] } = object.metadata;
  const body = { metadata: { uid, resourceVersion, finalizers: change(finalizers) } };
  try {
    const answer = await backend.patch(kind, keyOf(object), { type: 'merge', body }, managerOf(controller), signal);
    if (answer.metadata.deletionTimestamp === undefined) overlay(kind, answer);
    return answer;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

function withConditions(status: object): { readonly conditions: readonly ConditionIntent[] } {
  const conditions: unknown = Reflect.get(status, 'conditions');
  return { ...status, conditions: Array.isArray(conditions) ? conditions : [] };
}

/** Says in status what a pass ended with; answers the error of the write where that failed. */
async function reportFailure(
  environment: PassEnvironment,
  primary: KubeObject | undefined,
  error: unknown,
  failures: FailureRow,
  log: Logger,
): Promise<unknown> {
  const failure = { ...describe(error), millis: failures.millis };
  const fields = { err: error, reason: failure.reason, failures: failures.count };
  if (failure.kind === 'waiting') log.debug(fields, `pass waits: ${failure.message}`);
  else log.warn(fields, `pass failed: ${failure.message}`);
  // A single lost race with another writer is work as usual and would make Ready flicker.
  if (
    primary === undefined ||
    !writesStatus(environment.controller) ||
    (error instanceof Conflict && failures.count === 0)
  )
    return undefined;
  // The live status may hold fields of other writers, which are not ours to say again; after a restart it is all there is.
  const { uid } = primary.metadata;
  const own = environment.applied.keptStatus(...statusId(environment.controller, keyOf(primary)), uid);
  const mark = environment.breaker?.condition(keyText(keyOf(primary)));
  const now = new Date(environment.clock.now());
  const status = statusAfterFailure(primary, own ?? statusOf(primary), failure, now, mark);
  try {
    // Not under the pass's signal: it may be the very thing that ended the pass.
    await writeStatus(environment, primary, status, AbortSignal.timeout(reportMillis));
    return undefined;
  } catch (second) {
    log.warn({ err: second }, 'the failure could not be reported in status');
    return second;
  }
}

function describe(error: unknown): Omit<Failure, 'millis'> {
  if (error instanceof Waiting) return { kind: 'waiting', reason: error.reason, message: error.message };
  if (error instanceof Terminal) return { kind: 'terminal', reason: error.reason, message: error.message };
  if (error instanceof ApiError) return { kind: 'error', reason: error.code, message: error.message };
  const code: unknown = error instanceof Error ? Reflect.get(error, 'code') : undefined;
  const reason = typeof code === 'string' && /^[A-Za-z][A-Za-z0-9_]*$/.test(code) ? code : 'ReconcileError';
  return { kind: 'error', reason, message: error instanceof Error ? error.message : String(error) };
}

/** Writes the whole status unless the live one is equal already. */
async function writeStatus(
  environment: PassEnvironment,
  object: KubeObject,
  status: WrittenStatus,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { applied, backend, breaker, clock, controller, counter, overlay, reader } = environment;
  const kind = controller.primary;
  if (kind === undefined) return;
  const live = reader.get(kind, keyOf(object)) ?? object;
  const before = statusOf(live);
  const [id, part] = statusId(controller, keyOf(object));
  const now = clock.monotonic();
  const same = before !== undefined && (equalStatus(before, status) || applied.isNoOp(id, part, { status }, live, now));
  if (live.metadata.uid === object.metadata.uid && same) {
    counter.applied(kind.kind, controller.name, false);
    return;
  }
  const { name, namespace, uid } = object.metadata;
  const body = { apiVersion: apiVersionOf(kind), kind: kind.kind, metadata: { name, namespace, uid }, status };
  counter.applied(kind.kind, controller.name, true);
  const options = { manager: managerOf(controller), subresource: 'status' };
  applied.sending(id, part);
  try {
    const answer = await backend.apply(kind, body, options, signal);
    const content = applied.remember(id, part, { status }, answer, clock.monotonic());
    const text = keyText(keyOf(object));
    if (answer.metadata.resourceVersion !== live.metadata.resourceVersion)
      breaker?.wrote(text, { object: `${kind.kind} ${text}`, part: 'status', content });
    overlay(kind, answer);
  } catch (error) {
    // Gone meanwhile: there is nothing left to report on, and the watch will say so.
    if (!(error instanceof NotFound)) throw error;
  }
}

/** Names the primary, and the status that the controller writes of it, in the memory of what was applied. */
function statusId(controller: Controller, key: Key): [object: string, part: string] {
  const object = controller.primary === undefined ? '' : objectId(controller.primary, key);
  return [object, `${managerOf(controller)}|primary-status`];
}

function equalStatus(before: WrittenStatus, wanted: WrittenStatus): boolean {
  // The order of fields does not change the length; nothing more may be there than what is wanted.
  return holds(before, wanted) && JSON.stringify(before).length === JSON.stringify(wanted).length;
}
