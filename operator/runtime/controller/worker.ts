/** Runs one controller: changes → queue → passes, with its concurrency, time limit, backoff and metrics. */
import { type Clock, type Logger, traced } from '../../observability/index.ts';
import type { Cache } from '../cache/cache.ts';
import type { CacheEvent, Informer } from '../cache/informer.ts';
import type { Backend } from '../client/backend.ts';
import { ApiError, Forbidden, NotLeader } from '../client/errors.ts';
import { keyOf, keyText, kindId, parseKey, requestName } from '../kinds.ts';
import type { RuntimeMetrics } from '../metrics.ts';
import { backgroundPriority, changePriority, Queue, type Taken } from '../queue/queue.ts';
import { type Controller, type EventIntent, type Key, Terminal } from '../types.ts';
import type { AppliedMemory } from './applied.ts';
import { Breaker } from './breaker.ts';
import type { PassEnvironment } from './context.ts';
import { type FailureRow, type PassResult, PassTimeout, pass } from './pass.ts';
import { cachedKinds, Declarations } from './permissions.ts';
import { WakeCauses } from './wake-causes.ts';
import { wokenByOwned, wokenByPrimary, wokenByWatched } from './wiring.ts';

/** What the workers of a process share. */
export interface WorkerShare {
  readonly cache: Cache;
  readonly backend: Backend;
  readonly applied: AppliedMemory;
  readonly record: (event: EventIntent, controller: string) => void;
  readonly metrics: RuntimeMetrics;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

const blockedAfterMillis = 30_000;
const longestPatienceMillis = 300_000;

/** One a controller. `wire` before the cache runs, `run` when leading. */
export class Worker {
  readonly controller: Controller;
  readonly #share: WorkerShare;
  readonly #queue: Queue;
  readonly #environment: PassEnvironment;
  readonly #informers: readonly Informer[];
  readonly #breaker: Breaker;
  readonly #causes: WakeCauses;
  /** What a context that outlives its pass refuses with. Made once: a stack for each pass costs more than its queue. */
  readonly #over: PassTimeout;
  #active = 0;

  constructor(controller: Controller, share: WorkerShare) {
    this.controller = controller;
    this.#share = share;
    this.#over = new PassTimeout(`this pass of ${controller.name} is over; await all that it begins`);
    const { cache, clock, log, metrics } = share;
    const labels = { name: controller.name, controller: controller.name };
    const observer = { added: () => metrics.queueAdds.inc(labels), retried: () => metrics.queueRetries.inc(labels) };
    this.#queue = new Queue(clock, observer, controller.debounceMillis);
    this.#breaker = new Breaker(clock);
    this.#causes = new WakeCauses();
    metrics.watchHotLoops(controller.name, () => this.#breaker.open);
    this.#informers = cachedKinds(controller).map((kind) => cache.informer(kind));
    metrics.introduce(controller.name, controller.concurrency);
    for (const { kind } of [...controller.owns, ...(controller.primary === undefined ? [] : [controller.primary])]) {
      for (const counter of [metrics.ssaHits, metrics.ssaMisses]) counter.inc({ kind, controller: controller.name }, 0);
    }
    metrics.watchQueue(controller.name, () => this.#queue.numbers());
    this.#environment = {
      controller,
      declared: new Declarations(controller),
      reader: cache,
      backend: share.backend,
      overlay: (kind, object) => {
        this.#causes.wrote(object);
        cache.overlay(kind, object);
      },
      applied: share.applied,
      record: share.record,
      counter: {
        applied: (kind, name, sent) => (sent ? metrics.ssaMisses : metrics.ssaHits).inc({ kind, controller: name }),
      },
      breaker: this.#breaker,
      clock,
      log,
      blocked: () => this.#blocked(),
    };
  }

  /** Subscribes to changes and declares indexes. */
  wire(): void {
    const { controller } = this;
    const { cache } = this.#share;
    for (const { kind, name, values } of controller.indexes) cache.addIndex(kind, name, values);
    const { primary } = controller;
    if (primary === undefined) this.#queue.add(controller.name);
    else {
      cache.informer(primary).handle((event) => {
        this.#heedChange(event);
        this.#wake(wokenByPrimary(controller, event), event);
      });
      for (const kind of controller.owns) {
        cache.informer(kind).handle((event) => this.#wake(wokenByOwned(primary, event), event));
      }
    }
    for (const watch of controller.watches) {
      cache.informer(watch.kind).handle((event) => this.#wake(wokenByWatched(watch, event, cache), event));
    }
  }

  #wake(keys: readonly Key[], event: CacheEvent): void {
    const priority = event.kind === 'added' && event.initial ? backgroundPriority : changePriority;
    for (const key of keys) {
      this.#causes.woke(keyText(key), event);
      this.#queue.add(keyText(key), { priority });
    }
  }

  /** A person who changes or removes a slowed object is not made to wait. */
  #heedChange(event: CacheEvent): void {
    if (event.kind === 'added') return;
    if (event.kind === 'updated' && event.now.metadata.generation === event.before.metadata.generation) return;
    const key = keyText(keyOf(event.before));
    this.#breaker.forget(key);
    this.#queue.slow(key, 0);
  }

  /** Hands out no more keys. */
  close(): void {
    this.#queue.close();
  }

  /** Passes in progress. */
  get active(): number {
    return this.#active;
  }

  /** Works until closed; `signal` aborts the passes in progress. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#ready(signal);
    for (const { synced, whenSynced } of this.#informers) if (!synced) void whenSynced.then(() => this.#wakeAll());
    await Promise.all(Array.from({ length: this.controller.concurrency }, () => this.#loop(signal)));
  }

  /** Waits for the caches. One that cannot be filled blocks only the passes, which then say so, if the primary is there. */
  async #ready(signal: AbortSignal): Promise<void> {
    const { cache, clock } = this.#share;
    const { primary } = this.controller;
    const all = Promise.all(this.#informers.map((informer) => informer.whenAnswered));
    const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    if (primary === undefined) {
      const needed = this.#informers.map(({ kind, whenAnswered, whenSynced }) =>
        kind.optional === true ? whenAnswered : whenSynced,
      );
      await Promise.race([Promise.all(needed), aborted]);
      return;
    }
    await Promise.race([cache.informer(primary).whenSynced, aborted]);
    const patience = new AbortController();
    // The sleep is aborted when the caches are complete first.
    const tired = clock.sleep(blockedAfterMillis, patience.signal).catch(() => undefined);
    await Promise.race([all, aborted, tired]);
    patience.abort();
  }

  /** A kind that passes waited for can be read now. */
  #wakeAll(): void {
    const { primary } = this.controller;
    if (primary === undefined) return;
    for (const object of this.#share.cache.list(primary)) {
      this.#queue.add(keyText(keyOf(object)), { priority: backgroundPriority });
    }
  }

  #blocked(): string | undefined {
    const missing = this.#informers.find(({ blind }) => blind);
    if (missing === undefined) return undefined;
    const why = missing.error instanceof Error ? missing.error.message : 'the first list is not complete';
    return `${kindId(missing.kind)} cannot be read yet: ${why}`;
  }

  async #loop(signal: AbortSignal): Promise<void> {
    for (let taken = await this.#queue.take(); taken !== undefined; taken = await this.#queue.take()) {
      if (signal.aborted) return;
      await this.#work(taken, signal);
    }
  }

  async #work(taken: Taken, signal: AbortSignal): Promise<void> {
    const { clock, metrics } = this.#share;
    const { name } = this.controller;
    const labels = { name, controller: name };
    const started = clock.monotonic();
    metrics.queueWait.observe(labels, taken.waited / 1000);
    this.#active += 1;
    metrics.activeWorkers.set({ controller: name }, this.#active);
    this.#breaker.began(taken.key, this.#causes.take(taken.key));
    const result = await this.#traced(taken, signal);
    this.#heedBreaker(taken.key);
    const seconds = (clock.monotonic() - started) / 1000;
    this.#active -= 1;
    metrics.activeWorkers.set({ controller: name }, this.#active);
    metrics.queueWork.observe(labels, seconds);
    metrics.reconcileTime.observe({ controller: name }, seconds);
    this.#settle(taken, result);
    this.#queue.done(taken.key);
  }

  #heedBreaker(key: string): void {
    const { log, metrics } = this.#share;
    const { name, primary } = this.controller;
    const { slowMillis, change } = this.#breaker.ended(key);
    // A singleton works for many objects: whoever fights over one of them must not stop it for all.
    if (primary !== undefined && (slowMillis > 0 || change === 'closed')) this.#queue.slow(key, slowMillis);
    if (change === 'closed') {
      log.info({ controller: name, key }, 'passes settle again');
      // Once more, because the status still says otherwise.
      this.#queue.add(key, { priority: backgroundPriority });
    }
    if (change !== 'opened') return;
    const message = this.#breaker.condition(key)?.message ?? '';
    metrics.hotLoopTrips.inc({ controller: name });
    log.warn({ controller: name, key }, `hot loop: ${message}`);
    const regarding = primary && this.#share.cache.get(primary, parseKey(key));
    if (primary === undefined || regarding === undefined) return;
    const event = { regarding, kind: primary, type: 'Warning', reason: 'HotLoop', action: 'Reconcile' } as const;
    this.#share.record({ ...event, note: message }, name);
  }

  #traced(taken: Taken, signal: AbortSignal): Promise<PassResult> {
    const { name } = this.controller;
    const attributes = { 'gpuopt.controller': name, 'gpuopt.key': taken.key, 'gpuopt.queued_ms': taken.waited };
    return traced({ name: `reconcile ${name}`, attributes }, async (trace) => {
      const result = await this.#limited(taken.key, signal);
      trace.note({ 'gpuopt.result': result.result });
      if (result.result === 'error') trace.failed(result.error);
      return result;
    });
  }

  /** Ends a pass that takes too long: its context refuses from then on, and its key stays locked until it ends or 5 s are over. */
  async #limited(key: string, outer: AbortSignal): Promise<PassResult> {
    const { name, timeoutMillis } = this.controller;
    const own = new AbortController();
    const onAbort = (): void => own.abort(outer.reason);
    outer.addEventListener('abort', onAbort, { once: true });
    const timer = setTimeout(() => {
      own.abort(new PassTimeout(`the pass took longer than ${timeoutMillis} ms`));
      this.#share.metrics.timeouts.inc({ controller: name });
    }, timeoutMillis);
    try {
      return await pass(this.#environment, parseKey(key), own.signal, this.#failures(key));
    } finally {
      clearTimeout(timer);
      outer.removeEventListener('abort', onAbort);
      own.abort(this.#over);
    }
  }

  #failures(key: string): FailureRow | undefined {
    const row = this.#queue.failures(key);
    return row && { count: row.count, millis: this.#share.clock.monotonic() - row.since };
  }

  #settle({ key, priority: before }: Taken, outcome: PassResult): void {
    const { metrics, random, log } = this.#share;
    const { name, everyMillis } = this.controller;
    metrics.reconcileTotal.inc({ controller: name, result: outcome.result });
    if (outcome.result !== 'error') {
      this.#queue.forget(key);
      const after = outcome.result === 'requeue_after' ? outcome.after : this.#every(key, everyMillis, random);
      if (after !== undefined) {
        const priority = outcome.result === 'success' ? backgroundPriority : before;
        this.#queue.add(key, { after, priority });
      }
      return;
    }
    const { error } = outcome;
    metrics.reconcileErrors.inc({ controller: name });
    if (error instanceof Terminal) metrics.terminalErrors.inc({ controller: name });
    if (isPanic(error)) metrics.panics.inc({ controller: name });
    if (error instanceof Forbidden) metrics.forbidden.inc({ controller: name, request: nameOf(error.url) });
    if (outcome.retry === 'on-change') {
      this.#queue.forget(key);
      return;
    }
    const failures = this.#queue.retry(key, { priority: before, after: patienceOf(error) });
    if (isPanic(error)) log.error({ controller: name, key, err: error, failures }, 'a pass threw a programming error');
    if (error instanceof NotLeader) log.warn({ controller: name, key }, 'a pass was refused by the lease');
  }

  #every(key: string, everyMillis: number | undefined, random: () => number): number | undefined {
    if (everyMillis === undefined) return undefined;
    const { primary } = this.controller;
    if (primary !== undefined && this.#share.cache.get(primary, parseKey(key)) === undefined) return undefined;
    return everyMillis * (0.9 + random() * 0.2);
  }
}

/** Milliseconds that the server asked for; the client gives up earlier when they exceed the time limit of one request. */
function patienceOf(error: unknown): number {
  return error instanceof ApiError ? Math.min(error.retryAfter ?? 0, longestPatienceMillis) : 0;
}

function isPanic(error: unknown): boolean {
  return error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
}

function nameOf(url: string): string {
  const [method = '', path = ''] = url.split(' ');
  return requestName(method, path);
}
