import type { Allocation, Closing, NewInterval, OpenInterval, Plan, PodFact } from './facts.ts';

/** When passes looked: ends are never put later than what was seen. Milliseconds since 1970. */
export interface Sight {
  /** This pass. */
  readonly now: number;
  /** The pass before; absent on the first ever. */
  readonly before?: number;
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
  const fresh = bound.allocations.filter(({ deviceKey }) => !open.some((one) => one.deviceKey === deviceKey));
  const opened = fresh.map((allocation) => interval(pod, bound, allocation, bound.at));
  if (end !== undefined) return { open: opened, close: open.map((one) => ({ ...keyOf(one), end })), release };
  const moved = open.filter(({ tenant }) => tenant !== pod.tenant);
  return {
    open: [...opened, ...moved.flatMap((one) => continued(pod, bound, one, sight))],
    close: moved.map((one) => ({ ...keyOf(one), end: { at: Math.max(sight.now, one.openedAt), estimated: false } })),
    release,
  };
}

/** The namespace changed hands: the new tenant holds the devices from this pass on. */
function continued(pod: PodFact, bound: Bound, old: OpenInterval, sight: Sight): readonly NewInterval[] {
  return bound.allocations
    .filter(({ deviceKey }) => deviceKey === old.deviceKey)
    .map((allocation) => interval(pod, bound, allocation, Math.max(sight.now, old.openedAt)));
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
