/** The runtime's metrics: controller-runtime's exact names and buckets, so that existing dashboards work, and ours. */
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from '../observability/index.ts';

/** What a queue tells. */
export interface QueueNumbers {
  readonly depth: ReadonlyMap<number, number>;
  readonly unfinishedSeconds: number;
  readonly longestSeconds: number;
}

interface InformerNumbers {
  readonly kind: string;
  readonly objects: number;
  readonly overlaid: number;
  readonly silence: number;
}

const reconcileBuckets = [
  0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.25, 1.5, 1.75, 2,
  2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
];
const queueBuckets = Array.from({ length: 12 }, (_, power) => 1e-8 * 10 ** power);
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** Registers everything on one registry; make one a process. */
export class RuntimeMetrics {
  readonly #registry: Registry;
  readonly reconcileTotal;
  readonly reconcileErrors;
  readonly terminalErrors;
  readonly panics;
  readonly timeouts;
  readonly reconcileTime;
  readonly maxConcurrent;
  readonly activeWorkers;
  readonly queueAdds;
  readonly queueWait;
  readonly queueWork;
  readonly queueRetries;
  readonly master;
  readonly requests;
  readonly requestTime;
  readonly informerRelists;
  readonly informerFailures;
  readonly handlerErrors;
  readonly ssaHits;
  readonly ssaMisses;
  readonly eventsDropped;
  readonly forbidden;
  readonly hotLoopTrips;
  readonly #hotLoops = new Map<string, () => number>();
  readonly #queues = new Map<string, () => QueueNumbers>();

  constructor(registry: Registry) {
    this.#registry = registry;
    const ofController = ['controller'] as const;
    const ofQueue = ['name', 'controller'] as const;
    this.reconcileTotal = this.#counter(
      'controller_runtime_reconcile_total',
      'Total number of reconciliations per controller',
      ['controller', 'result'],
    );
    this.reconcileErrors = this.#counter(
      'controller_runtime_reconcile_errors_total',
      'Total number of reconciliation errors per controller',
      ofController,
    );
    this.terminalErrors = this.#counter(
      'controller_runtime_terminal_reconcile_errors_total',
      'Total number of terminal reconciliation errors per controller',
      ofController,
    );
    this.panics = this.#counter(
      'controller_runtime_reconcile_panics_total',
      'Total number of reconciliation panics per controller',
      ofController,
    );
    this.timeouts = this.#counter(
      'controller_runtime_reconcile_timeouts_total',
      'Total number of reconciliation timeouts per controller',
      ofController,
    );
    this.reconcileTime = this.#histogram(
      'controller_runtime_reconcile_time_seconds',
      'Length of time per reconciliation per controller',
      ofController,
      reconcileBuckets,
    );
    this.maxConcurrent = this.#gauge(
      'controller_runtime_max_concurrent_reconciles',
      'Maximum number of concurrent reconciles per controller',
      ofController,
    );
    this.activeWorkers = this.#gauge(
      'controller_runtime_active_workers',
      'Number of currently used workers per controller',
      ofController,
    );
    this.queueAdds = this.#counter('workqueue_adds_total', 'Total number of adds handled by workqueue', ofQueue);
    this.queueWait = this.#histogram(
      'workqueue_queue_duration_seconds',
      'How long in seconds an item stays in workqueue before being requested',
      ofQueue,
      queueBuckets,
    );
    this.queueWork = this.#histogram(
      'workqueue_work_duration_seconds',
      'How long in seconds processing an item from workqueue takes.',
      ofQueue,
      queueBuckets,
    );
    this.queueRetries = this.#counter(
      'workqueue_retries_total',
      'Total number of retries handled by workqueue',
      ofQueue,
    );
    this.master = this.#gauge(
      'leader_election_master_status',
      'Gauge of if the reporting system is master of the relevant lease, 0 indicates backup, 1 indicates master.',
      ['name'],
    );
    this.requests = this.#counter(
      'rest_client_requests_total',
      'Number of HTTP requests, partitioned by status code, method, and host.',
      ['code', 'method', 'host'],
    );
    this.requestTime = this.#histogram(
      'rest_client_request_duration_seconds',
      'Request latency in seconds. Broken down by verb, and host.',
      ['verb', 'host'],
      requestBuckets,
    );
    this.informerRelists = this.#counter('informer_relists_total', 'Full lists per kind and why', ['kind', 'reason']);
    this.informerFailures = this.#counter(
      'informer_failures_total',
      'Broken or refused lists and watches per kind and why',
      ['kind', 'reason'],
    );
    this.handlerErrors = this.#counter('informer_handler_errors_total', 'Mappers, predicates and indexes that threw', [
      'kind',
    ]);
    this.ssaHits = this.#counter(
      'ssa_cache_hits_total',
      'Applies that were skipped because they would change nothing',
      ['kind', 'controller'],
    );
    this.ssaMisses = this.#counter('ssa_cache_misses_total', 'Applies that were sent', ['kind', 'controller']);
    this.eventsDropped = this.#counter('event_recorder_dropped_total', 'Events that were not written, by why', [
      'reason',
    ]);
    for (const reason of ['rate', 'queue', 'namespace', 'refused']) this.eventsDropped.inc({ reason }, 0);
    this.forbidden = this.#counter('controller_forbidden_total', 'Requests of passes that RBAC or admission refused', [
      'controller',
      'request',
    ]);
    this.hotLoopTrips = this.#counter(
      'controller_hot_loop_trips_total',
      'Keys whose passes were found to write in circles',
      ofController,
    );
    const hotLoops = this.#gauge('controller_hot_loops', 'Keys whose passes write in circles now', ofController, () => {
      for (const [controller, read] of this.#hotLoops) hotLoops.set({ controller }, read());
    });
    this.#collectQueues();
  }

  /** Starts every label of a controller at 0. */
  introduce(controller: string, concurrency: number): void {
    for (const result of ['success', 'requeue', 'requeue_after', 'error'])
      this.reconcileTotal.inc({ controller, result }, 0);
    for (const counter of [this.reconcileErrors, this.terminalErrors, this.panics, this.timeouts, this.hotLoopTrips])
      counter.inc({ controller }, 0);
    this.maxConcurrent.set({ controller }, concurrency);
    this.activeWorkers.set({ controller }, 0);
    this.reconcileTime.zero({ controller });
    const queue = { name: controller, controller };
    this.queueAdds.inc(queue, 0);
    this.queueRetries.inc(queue, 0);
    this.queueWait.zero(queue);
    this.queueWork.zero(queue);
  }

  /** A queue is read when metrics are scraped. */
  watchQueue(name: string, read: () => QueueNumbers): void {
    this.#queues.set(name, read);
  }

  /** The slowed keys of a controller are counted when metrics are scraped. */
  watchHotLoops(controller: string, read: () => number): void {
    this.#hotLoops.set(controller, read);
  }

  /** Informers are read when metrics are scraped. */
  collectInformers(read: () => readonly InformerNumbers[]): void {
    const each = (name: string, help: string, value: (numbers: InformerNumbers) => number): void => {
      const gauge = this.#gauge(name, help, ['kind'], () => {
        for (const numbers of read()) gauge.set({ kind: numbers.kind }, value(numbers));
      });
    };
    each('informer_objects', 'Objects in the cache', ({ objects }) => objects);
    each('informer_last_event_age_seconds', 'Seconds since the watch said anything', ({ silence }) => silence);
    each('informer_overlay_objects', 'Own writes that the watch has not told yet', ({ overlaid }) => overlaid);
  }

  #collectQueues(): void {
    const labels = ['name', 'controller'] as const;
    const depth = this.#gauge(
      'workqueue_depth',
      'Current depth of workqueue by workqueue and priority',
      [...labels, 'priority'],
      () => {
        depth.reset();
        for (const [name, read] of this.#queues) {
          for (const [priority, items] of read().depth)
            depth.set({ name, controller: name, priority: String(priority) }, items);
        }
      },
    );
    const each = (name: string, help: string, value: (numbers: QueueNumbers) => number): void => {
      const gauge = this.#gauge(name, help, labels, () => {
        for (const [queue, read] of this.#queues) gauge.set({ name: queue, controller: queue }, value(read()));
      });
    };
    each('workqueue_unfinished_work_seconds', 'Seconds of work in progress', (numbers) => numbers.unfinishedSeconds);
    each(
      'workqueue_longest_running_processor_seconds',
      'Seconds of the longest pass in progress',
      (numbers) => numbers.longestSeconds,
    );
  }

  #counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name, help, labelNames: [...labelNames], registers: [this.#registry] });
  }

  #gauge<L extends string>(name: string, help: string, labelNames: readonly L[], collect?: () => void): Gauge<L> {
    return new Gauge({ name, help, labelNames: [...labelNames], registers: [this.#registry], collect });
  }

  #histogram<L extends string>(name: string, help: string, labelNames: readonly L[], buckets: number[]): Histogram<L> {
    return new Histogram({ name, help, labelNames: [...labelNames], buckets, registers: [this.#registry] });
  }
}
