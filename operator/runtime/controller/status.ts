/** The kstatus rule: how a pass's end becomes conditions. Pure. */
import type { ConditionIntent, KubeObject } from '../types.ts';

/** A condition as it is written. */
export interface WrittenCondition extends ConditionIntent {
  readonly observedGeneration: number;
  readonly lastTransitionTime: string;
}

/** A status as the runtime sees it. */
export interface WrittenStatus {
  readonly observedGeneration?: number;
  readonly conditions?: readonly WrittenCondition[];
}

/** How a pass failed. */
export interface Failure {
  readonly kind: 'waiting' | 'terminal' | 'error';
  readonly reason: string;
  readonly message: string;
  /** How long passes of this object have failed in a row. */
  readonly millis: number;
}

/** Conditions that the runtime makes; a room's own of these types are not written. */
const runtimeTypes: ReadonlySet<string> = new Set(['Reconciling', 'Stalled', 'HotLoop']);

/** Errors that last longer than this are reported as Stalled; retries go on. */
export const progressDeadlineMillis = 600_000;

const messageLimit = 1024;

/** The status of an object, if it has one. */
export function statusOf(object: KubeObject): WrittenStatus | undefined {
  const status: unknown = Reflect.get(object, 'status');
  return typeof status === 'object' && status !== null ? status : undefined;
}

/** The status after a pass that ended well: the room's own, with Reconciling or Stalled derived from Ready, and `mark`. */
export function statusAfterSuccess(
  object: KubeObject,
  intent: { readonly conditions: readonly ConditionIntent[] },
  now: Date,
  mark?: ConditionIntent,
): WrittenStatus {
  const own = intent.conditions.filter(({ type }) => !runtimeTypes.has(type));
  const ready = own.find(({ type }) => type === 'Ready');
  return { ...intent, ...finish(object, [...own, ...marks(ready), ...(mark === undefined ? [] : [mark])], now) };
}

function marks(ready: ConditionIntent | undefined): readonly ConditionIntent[] {
  if (ready === undefined || ready.status === 'True') return [];
  return [{ ...ready, type: ready.status === 'False' ? 'Stalled' : 'Reconciling', status: 'True' }];
}

/** The status after a pass that threw: the last one, with Ready, Reconciling and Stalled replaced. */
export function statusAfterFailure(
  object: KubeObject,
  last: WrittenStatus | undefined,
  failure: Failure,
  now: Date,
  mark?: ConditionIntent,
): WrittenStatus {
  const kept = (last?.conditions ?? []).filter(({ type }) => type !== 'Ready' && !runtimeTypes.has(type));
  const overdue = failure.kind === 'error' && isOverdue(object, failure);
  const stalled = failure.kind === 'terminal' || overdue;
  const reason = overdue ? 'ProgressDeadlineExceeded' : failure.reason;
  const message = failure.message.slice(0, messageLimit);
  const made: readonly ConditionIntent[] = [
    { type: 'Ready', status: stalled ? 'False' : 'Unknown', reason, message },
    { type: stalled ? 'Stalled' : 'Reconciling', status: 'True', reason, message },
  ];
  const { observedGeneration, conditions } = finish(object, [...made, ...(mark === undefined ? [] : [mark])], now);
  // What is kept was true of the generation that it names; of this one nothing is known.
  return { ...last, observedGeneration, conditions: [...conditions, ...kept] };
}

/** Whether errors have lasted past the deadline, or were already reported so for this generation. Waiting does not count. */
function isOverdue(object: KubeObject, { millis }: Failure): boolean {
  if (millis >= progressDeadlineMillis) return true;
  const { generation = 0 } = object.metadata;
  const stalled = statusOf(object)?.conditions?.find(({ type }) => type === 'Stalled');
  return stalled?.reason === 'ProgressDeadlineExceeded' && stalled.observedGeneration === generation;
}

function finish(object: KubeObject, conditions: readonly ConditionIntent[], now: Date): Required<WrittenStatus> {
  const { generation = 0 } = object.metadata;
  const before = statusOf(object)?.conditions ?? [];
  return {
    observedGeneration: generation,
    conditions: conditions.map(({ type, status, reason, message }) => {
      const same = before.find((old) => old.type === type && old.status === status);
      const lastTransitionTime = same?.lastTransitionTime ?? seconds(now);
      return { type, status, reason, message, observedGeneration: generation, lastTransitionTime };
    }),
  };
}

/** RFC 3339 in whole seconds, as metav1.Time. */
function seconds(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`;
}
