import type { Allocation, Closing, NewInterval, OpenInterval, Plan, PodFact } from './facts.ts';
import { nextWindow } from './sealing/window.ts';

/** When passes looked: ends are never put later than what was seen. Milliseconds since 1970. */
export interface Sight {
  /** This pass. */
  readonly now: number;
  /** The pass before; absent on the first ever. */
  readonly before?: number;
  /**
   * From when on devices are of the tenant whose namespace they are in now: the end of the window in which the pass before
   * looked. Absent while that window goes on, in which they stay with whom it found them.
   */
  readonly handover?: number;
}

/** When passes looked, with windows of `seconds`. */
export function sightOf(now: number, before: number | undefined, seconds: number): Sight {
  const { end } = nextWindow(before ?? now, seconds);
  return { now, ...(before !== undefined && { before }), ...(end <= now && { handover: end }) };
}

/** When an interval goes over to its namespace's tenant of now; undefined where it does not, or not yet. */
export function handoverOf(one: OpenInterval, tenant: string, { handover }: Sight): number | undefined {
  return one.tenant === tenant || handover === undefined || handover <= one.openedAt ? undefined : handover;
}

/** Pods whose intervals are stored with their ends; only a memory, a restart begins with none. */
export type Settled = ReadonlySet<string>;

type Bound = NonNullable<PodFact['bound']>;

/**
 * Facts and the open intervals of the store give what to write. A pod that is gone without an end was last seen by the
 * pass before: its interval closes there, estimated, so that nobody pays for time that nobody saw.
 */
export function decide(
  pods: readonly PodFact[],
  open: readonly OpenInterval[],
  sight: Sight,
  settled: Settled = new Set(),
): Plan {
  const byUid = Map.groupBy(open, ({ uid }) => uid);
  const present = new Set(pods.map(({ uid }) => uid));
  const plans = pods.map((pod) =>
    settled.has(pod.uid) ? onlyRelease(pod) : planPod(pod, byUid.get(pod.uid) ?? [], sight),
  );
  const gone = open.filter(({ uid }) => !present.has(uid)).map((interval) => lastSeen(interval, sight));
  return {
    open: plans.flatMap((plan) => plan.open),
    close: [...plans.flatMap((plan) => plan.close), ...gone],
    release: plans.flatMap((plan) => plan.release),
  };
}

function onlyRelease(pod: PodFact): Plan {
  return { open: [], close: [], release: pod.held ? [pod] : [] };
}

function planPod(pod: PodFact, open: readonly OpenInterval[], sight: Sight): Plan {
  const { bound, end } = pod;
  const release = pod.held && pod.leaving && (bound === undefined || end !== undefined) ? [pod] : [];
  if (bound === undefined || (pod.early && open.length === 0)) return { open: [], close: [], release };
  const { at } = bound;
  const fresh = bound.allocations.filter(({ deviceKey }) => !open.some((one) => one.deviceKey === deviceKey));
  const opened = at === undefined ? [] : fresh.map((allocation) => interval(pod, bound, allocation, at));
  const plans = open.map((one) => planOpen(pod, bound, one, sight));
  return {
    open: [...opened, ...plans.flatMap((plan) => plan.open)],
    close: plans.flatMap((plan) => plan.close),
    release,
  };
}

/** An interval goes on, ends with its pod, or goes over to whose namespace it is in by now. */
function planOpen(pod: PodFact, bound: Bound, one: OpenInterval, sight: Sight): Pick<Plan, 'open' | 'close'> {
  const { end, tenant } = pod;
  const at = handoverOf(one, tenant, sight);
  if (at === undefined || (end !== undefined && end.at <= at)) {
    return { open: [], close: end === undefined ? [] : [{ ...keyOf(one), end }] };
  }
  const held = bound.allocations.filter(({ deviceKey }) => deviceKey === one.deviceKey);
  return {
    open: held.map((allocation) => interval(pod, bound, allocation, at)),
    close: [{ ...keyOf(one), end: { at, estimated: false } }],
  };
}

function interval(pod: PodFact, bound: Bound, allocation: Allocation, openedAt: number): NewInterval {
  const { uid, namespace, name, tenant, end } = pod;
  return { ...allocation, uid, namespace, pod: name, node: bound.node, tenant, openedAt, end };
}

function lastSeen(one: OpenInterval, { before, now }: Sight): Closing {
  return { ...keyOf(one), end: { at: Math.max(before ?? now, one.openedAt), estimated: true } };
}

function keyOf({ uid, deviceKey }: Pick<OpenInterval, 'uid' | 'deviceKey'>): {
  readonly uid: string;
  readonly deviceKey: string;
} {
  return { uid, deviceKey };
}
