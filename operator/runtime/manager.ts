/** The process: what starts when, who leads, and how it all ends. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { type Clock, type Logger, type Registry, systemClock } from '../observability/index.ts';
import { Cache } from './cache/cache.ts';
import { Client } from './client/client.ts';
import type { Cluster } from './client/cluster.ts';
import { Transport } from './client/transport.ts';
import { AppliedMemory, objectId } from './controller/applied.ts';
import { PassStopped } from './controller/pass.ts';
import { describePermissions } from './controller/permissions.ts';
import { Worker } from './controller/worker.ts';
import { Recorder } from './events/recorder.ts';
import { keyOf, kindId } from './kinds.ts';
import { catchUp } from './leader/catch-up.ts';
import { Elector, LeaseLost } from './leader/elector.ts';
import { RuntimeMetrics } from './metrics.ts';
import { type Check, type HttpServer, serveHttp } from './server/http.ts';
import type { Room, Runnable } from './types.ts';
import { WebhookMetrics } from './webhooks/metrics.ts';
import { serveWebhooks, type WebhookServer, type WebhookServerOptions } from './webhooks/server.ts';

/** What a manager is made of. */
export interface ManagerOptions {
  readonly cluster: Cluster;
  readonly rooms: readonly Room[];
  readonly log: Logger;
  readonly registry: Registry;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Absent: this process always leads; for one process only. */
  readonly leaderElection?: { readonly namespace: string; readonly name: string; readonly identity?: string };
  /** Absent: no server. */
  readonly http?: { readonly port: number; readonly host?: string };
  /** Absent: no webhooks are served, which is right wherever admission policies do their part. */
  readonly webhooks?: WebhookServerOptions;
  /** More readiness checks. */
  readonly checks?: readonly Check[];
}

/** A process that can be run once. */
export interface Manager {
  /** Runs until the signal and then stops in order. Rejects with LeaseLost, or with the error of a runnable that failed. */
  run(signal: AbortSignal): Promise<void>;
  /** The port of the HTTP server once it listens. */
  port(): number | undefined;
  /** The port of the webhook server once it listens. */
  webhookPort(): number | undefined;
  /** Whether this process leads. */
  leads(): boolean;
}

/** Spans of start and stop, in milliseconds. */
const warmUpMillis = 15_000;
const graceMillis = 1_000;
const stopMillis = 30_000;
const flushMillis = 3_000;
/** A write must end inside the 5 s between the fence (10 s) and the end of the lease (15 s). */
const fencedWriteMillis = 4_000;
/** How long a lease lasts that nobody renews. */
const leaseMillis = 15_000;

/** Builds the process; nothing starts before `run`. Throws Undeclared when a controller would list Secrets. */
export function createManager(options: ManagerOptions): Manager {
  return new Process(options);
}

class Process implements Manager {
  readonly #options: ManagerOptions;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #metrics: RuntimeMetrics;
  readonly #transport: Transport;
  readonly #backend: Client;
  readonly #cache: Cache;
  readonly #recorder: Recorder;
  readonly #elector: Elector | undefined;
  readonly #workers: readonly Worker[];
  #server: HttpServer | undefined;
  #webhooks: WebhookServer | undefined;
  #stopping = false;
  #leads = false;

  constructor(options: ManagerOptions) {
    const { cluster, clock = systemClock, log, random = Math.random, registry, rooms } = options;
    const controllers = rooms.flatMap((room) => room.controllers);
    describePermissions(controllers);
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    const metrics = new RuntimeMetrics(registry);
    this.#metrics = metrics;
    const counter = {
      requested: (method: string, host: string, code: string, seconds: number): void => {
        metrics.requests.inc({ code, method, host });
        metrics.requestTime.observe({ verb: method, host }, seconds);
      },
    };
    const transport = new Transport(cluster, clock, counter);
    this.#transport = transport;
    const identity = options.leaderElection?.identity ?? `${hostname()}_${randomBytes(4).toString('hex')}`;
    const election = options.leaderElection;
    const leaseClient = new Client({
      transport,
      clock,
      lane: 'lease',
      readTimeoutMillis: 5_000,
      writeTimeoutMillis: 5_000,
    });
    this.#elector =
      election &&
      new Elector({
        client: leaseClient,
        transport,
        clock,
        random,
        log,
        identity,
        namespace: election.namespace,
        name: election.name,
      });
    const fenced = { fence: this.#elector?.fence, writeTimeoutMillis: election && fencedWriteMillis };
    const backend = new Client({ transport, clock, ...fenced });
    this.#backend = backend;
    // A client of its own: an event that was not answered is no reason to let the lease expire.
    const events = new Client({ transport, clock, ...fenced });
    this.#recorder = new Recorder({ backend: events, clock, log, metrics, instance: identity });
    this.#cache = new Cache({ transport, clock, random, log, metrics });
    const share = {
      cache: this.#cache,
      backend,
      applied: new AppliedMemory(),
      record: this.#recorder.record,
      metrics,
      clock,
      random,
      log,
    };
    this.#workers = controllers.map((controller) => new Worker(controller, share));
    for (const worker of this.#workers) worker.wire();
    this.#forgetGone(share.applied);
  }

  port(): number | undefined {
    return this.#server?.port;
  }

  webhookPort(): number | undefined {
    return this.#webhooks?.port;
  }

  leads(): boolean {
    return this.#leads;
  }

  async run(signal: AbortSignal): Promise<void> {
    const caches = new AbortController();
    const everywhere = new AbortController();
    const failed = Promise.withResolvers<never>();
    // Also awaited below; this keeps a late failure from being an unhandled rejection.
    failed.promise.catch(() => undefined);
    await this.#listen();
    await this.#serveWebhooks(signal);
    const cached = this.#cache.run(caches.signal);
    const standing = this.#start('everywhere', everywhere.signal, failed.reject);
    let lost = false;
    try {
      await this.#warmUp(signal);
      await this.#lead(signal, failed);
    } catch (error) {
      lost = error instanceof LeaseLost;
      throw error;
    } finally {
      this.#stopping = true;
      caches.abort();
      everywhere.abort();
      // Another process leads: nothing here is worth waiting for.
      if (!lost) await this.#within(stopMillis, Promise.all([cached, ...standing]));
      await this.#webhooks?.close();
      await this.#transport.close();
      await this.#server?.close();
      this.#log.info({}, 'stopped');
    }
  }

  async #listen(): Promise<void> {
    const { checks = [], http, registry } = this.#options;
    if (http === undefined) return;
    const live = (): readonly Check[] => [{ name: 'ping', check: () => undefined }];
    const ready = (): readonly Check[] => [...this.#checks(), ...checks];
    this.#server = await serveHttp({ ...http, registry, live, ready });
    this.#log.info({ port: this.#server.port }, 'serving metrics and health');
  }

  /** Before the caches: a list may need a conversion. The end is told at once, so that callers turn to another process. */
  async #serveWebhooks(signal: AbortSignal): Promise<void> {
    const { registry, webhooks } = this.#options;
    if (webhooks === undefined) return;
    const parts = { reader: this.#cache, clock: this.#clock, log: this.#log, metrics: new WebhookMetrics(registry) };
    try {
      const server = await serveWebhooks(webhooks, parts);
      this.#webhooks = server;
      signal.addEventListener('abort', () => server.drain(), { once: true });
      this.#log.info({ port: server.port }, 'serving webhooks');
    } catch (error) {
      await this.#transport.close();
      await this.#server?.close();
      throw error;
    }
  }

  #checks(): readonly Check[] {
    const caches = this.#cache.informers.map((informer) => ({
      name: `informer-${kindId(informer.kind)}`,
      check: () =>
        informer.blind
          ? `${informer.synced ? 'not heard of for a minute' : 'not complete'}: ${text(informer.error ?? 'the first list is under way')}`
          : undefined,
    }));
    const served = this.#options.webhooks !== undefined;
    const webhooks = {
      name: 'webhooks',
      check: () => (this.#webhooks ? this.#webhooks.problem() : 'not listening yet'),
    };
    const shutdown = { name: 'shutdown', check: () => (this.#stopping ? 'stopping' : undefined) };
    return [shutdown, ...(served ? [webhooks] : []), ...caches];
  }

  /** Waits for the caches, but not for one that cannot be filled: its controllers say so themselves. */
  async #warmUp(signal: AbortSignal): Promise<void> {
    const all = Promise.all(this.#cache.informers.map(({ whenAnswered }) => whenAnswered));
    await this.#within(warmUpMillis, Promise.race([all, aborted(signal)]));
  }

  async #lead(signal: AbortSignal, failed: PromiseWithResolvers<never>): Promise<void> {
    // A standby whose background work failed stops too, and lets a healthy one stand by in its place.
    const giveUp = new AbortController();
    const electing = this.#elect(AbortSignal.any([signal, giveUp.signal]));
    const elected = await Promise.race([electing, failed.promise]).catch(async (error: unknown) => {
      giveUp.abort();
      if (await electing.catch(() => false)) await this.#elector?.release();
      throw error;
    });
    if (!elected) return;
    const passes = new AbortController();
    const leading = new AbortController();
    const holding = new AbortController();
    const { name = 'none' } = this.#options.leaderElection ?? {};
    this.#leads = true;
    this.#metrics.master.set({ name }, 1);
    this.#log.info({}, 'leading');
    const held = this.#elector?.hold(holding.signal) ?? new Promise<void>(() => undefined);
    held.catch(failed.reject);
    if (this.#elector !== undefined) await this.#catchUp(signal);
    const work = [
      ...this.#workers.map((worker) => worker.run(passes.signal)),
      ...this.#start('leader', leading.signal, failed.reject),
    ];
    let lost: unknown;
    try {
      await Promise.race([aborted(signal), failed.promise]);
    } catch (error) {
      lost = error instanceof LeaseLost ? error : undefined;
      throw error;
    } finally {
      this.#stopping = true;
      for (const worker of this.#workers) worker.close();
      leading.abort(new PassStopped('the process stops'));
      if (lost === undefined) await this.#within(graceMillis, Promise.all(work));
      passes.abort(new PassStopped('the process stops'));
      if (lost === undefined) {
        await this.#within(stopMillis - graceMillis, Promise.all(work));
        await this.#recorder.flush(flushMillis);
      }
      holding.abort();
      // A renewal under way would meet the release as a conflict, and the standby would wait for the lease to expire.
      if (lost === undefined && this.#elector !== undefined)
        await this.#within(
          flushMillis,
          held.catch(() => undefined),
        );
      this.#leads = false;
      this.#metrics.master.set({ name }, 0);
      // The server may still carry out a write that nobody answered; a successor whose cache does not show it yet would
      // decide on what is not so. It then waits for the lease to expire, as after a crash.
      const open = this.#backend.unansweredWithin(leaseMillis);
      if (open) this.#log.warn({}, 'a write was not answered: the lease is left to expire');
      if (lost === undefined && !open) await this.#elector?.release();
    }
  }

  /** What was applied to an object is forgotten as it goes. */
  #forgetGone(applied: AppliedMemory): void {
    for (const informer of this.#cache.informers) {
      informer.handle((event) => {
        if (event.kind === 'deleted') applied.drop(objectId(informer.kind, keyOf(event.before)), event.before);
      });
    }
  }

  #catchUp(signal: AbortSignal): Promise<void> {
    const kinds = this.#cache.informers.filter(({ synced }) => synced).map(({ kind }) => kind);
    return catchUp({ kinds, transport: this.#transport, clock: this.#clock, log: this.#log }, signal);
  }

  /** Whether this process leads now; false when it was told to stop first. */
  async #elect(signal: AbortSignal): Promise<boolean> {
    if (this.#elector === undefined) return !signal.aborted;
    this.#metrics.master.set({ name: this.#options.leaderElection?.name ?? '' }, 0);
    try {
      await this.#elector.acquire(signal);
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      throw error;
    }
  }

  #start(where: Runnable['where'], signal: AbortSignal, fail: (error: unknown) => void): readonly Promise<void>[] {
    const chosen = this.#options.rooms
      .flatMap(({ runnables }) => runnables)
      .filter((runnable) => runnable.where === where);
    return chosen.map(async ({ name, run }) => {
      try {
        await run(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#log.error({ runnable: name, err: error }, 'background work failed; the process stops');
        fail(error);
      }
    });
  }

  async #within(millis: number, work: Promise<unknown>): Promise<void> {
    const stop = new AbortController();
    // The sleep is aborted when the work is done first.
    const limit = this.#clock.sleep(millis, stop.signal).catch(() => undefined);
    await Promise.race([work, limit]);
    stop.abort();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function text(value: unknown): string {
  return value instanceof Error ? value.message : String(value);
}
