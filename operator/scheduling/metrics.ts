import { Counter, Gauge, Histogram } from 'prom-client';
import type { Pod } from '../kube/index.ts';
import type { Registry } from '../observability/index.ts';
import type { Decision } from './decide.ts';
import type { Defragmented } from './defragmentation/enact.ts';
import type { Facts } from './observe.ts';
import { BLOCKERS } from './planner/index.ts';
import { waitingByReason } from './report.ts';

/** The room's metrics. */
export interface SchedulingMetrics {
  /** Counts one plan and what waits after it. */
  readonly planned: (seconds: number, decision: Decision) => void;
  /** Shows what tenants used on average, and drops those that are gone. */
  readonly shared: (shares: Facts['shares']) => void;
  /** Counts pods that were evicted for others. */
  readonly preempted: (pods: number) => void;
  /** Counts pods that were moved, and shows what moving others would let waiting pods use. */
  readonly defragmented: (done: Defragmented) => void;
  /** Counts released pods and how long they waited. */
  readonly released: (pods: readonly Pod[], now: Date) => void;
}

/** Registers the room's metrics; every reason starts at 0. */
export function createSchedulingMetrics(registry: Registry): SchedulingMetrics {
  const registers = [registry];
  const plan = new Histogram({
    name: 'gpuopt_plan_seconds',
    help: 'Time to observe and plan once',
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10],
    registers,
  });
  const released = new Counter({ name: 'gpuopt_pods_released_total', help: 'Pods whose gate was removed', registers });
  const waiting = new Gauge({
    name: 'gpuopt_waiting_pods',
    help: 'Gated pods that the last plan could not place, by reason',
    labelNames: ['reason'],
    registers,
  });
  const average = new Gauge({
    name: 'gpuopt_tenant_average_gpus',
    help: 'GPU equivalents that a tenant used of a pool, averaged over time with recent use weighing more; sampled every five minutes',
    labelNames: ['tenant', 'pool'],
    registers,
  });
  const preempted = new Counter({
    name: 'gpuopt_pods_preempted_total',
    help: 'Pods that were evicted for others with a better right to their room',
    registers,
  });
  const moved = new Counter({
    name: 'gpuopt_pods_moved_total',
    help: 'Pods that were evicted so that others find room in one piece',
    labelNames: ['pool'],
    registers,
  });
  const movable = new Gauge({
    name: 'gpuopt_defragmentation_usable_gpus',
    help: 'GPUs that waiting pods could use if pods were moved as proposed',
    labelNames: ['pool'],
    registers,
  });
  const latency = new Histogram({
    name: 'gpuopt_release_latency_seconds',
    help: 'Time from creation of a pod (whole seconds) to the removal of its gate',
    buckets: [0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 7200, 86400],
    registers,
  });
  const windowWait = new Histogram({
    name: 'gpuopt_window_wait_seconds',
    help: 'How long a pod waited for others to come before it was planned with them (spec.scheduling.window of the GPUPool)',
    buckets: [0.1, 0.5, 1, 2, 5, 10, 30, 60],
    registers,
  });
  const windows = new Counter({
    name: 'gpuopt_windows_total',
    help: 'Plans of pods that waited for each other, by whether the order of their arrival was the best or another was better',
    labelNames: ['order'],
    registers,
  });
  for (const order of ['Arrival', 'Better']) windows.inc({ order }, 0);
  for (const reason of BLOCKERS) waiting.set({ reason }, 0);
  return {
    planned: (seconds, decision) => {
      plan.observe(seconds);
      const { waitedMillis, reordered } = decision.window;
      for (const millis of waitedMillis) windowWait.observe(millis / 1000);
      if (waitedMillis.length > 0) windows.inc({ order: reordered ? 'Better' : 'Arrival' });
      const counts = waitingByReason(decision);
      for (const reason of BLOCKERS) waiting.set({ reason }, counts.get(reason) ?? 0);
    },
    shared: (shares) => {
      average.reset();
      for (const [tenant, samples] of shares) {
        for (const { pool, gpuMilli } of samples) average.set({ tenant, pool }, gpuMilli / 1000);
      }
    },
    preempted: (pods) => preempted.inc(pods),
    defragmented: ({ plans, evicted }) => {
      if (plans === undefined) return;
      movable.reset();
      for (const { pool, proposals } of plans) {
        movable.set({ pool: pool.name }, proposals.reduce((sum, { gpuMilli }) => sum + gpuMilli, 0) / 1000);
        moved.inc({ pool: pool.name }, evicted.filter((one) => one.pool === pool.name).length);
      }
    },
    released: (pods, now) => {
      released.inc(pods.length);
      for (const { metadata } of pods) {
        latency.observe(
          Math.max(0, now.getTime() - Date.parse(metadata.creationTimestamp ?? now.toISOString())) / 1000,
        );
      }
    },
  };
}
