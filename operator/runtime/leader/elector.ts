/**
 * Leader election with a Lease, and the fence that keeps a paused leader from writing.
 * Times are of the local monotonic clock: lease 15 s, renewed every 2 s, valid for writes until 10 s after the last
 * successful renewal was sent.
 */
import type { Clock, Logger } from '../../observability/index.ts';
import { Watcher } from '../cache/watcher.ts';
import type { Client } from '../client/client.ts';
import { AlreadyExists, Conflict, NotFound, NotLeader } from '../client/errors.ts';
import type { Transport } from '../client/transport.ts';
import { microTime } from '../events/recorder.ts';
import { pathOf } from '../kinds.ts';
import type { Kind, KubeObject } from '../types.ts';

/** A Lease of coordination.k8s.io. */
export interface LeaseObject extends KubeObject {
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly leaseDurationSeconds?: number;
    readonly acquireTime?: string;
    readonly renewTime?: string;
    readonly leaseTransitions?: number;
  };
}

/** The kind Lease. */
export const leaseKind: Kind<LeaseObject> = {
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  scope: 'Namespaced',
};

/**
 * Another process took the lease, or it could not be renewed in time. The process must end with code 1.
 * @remedy nothing if another replica leads; else check that the API server answers within the time of the lease and
 *   that the process gets enough CPU
 */
export class LeaseLost extends Error {
  override readonly name = 'LeaseLost';
  readonly code = 'LeaseLost';
}

/** What an elector needs. */
export interface ElectorOptions {
  /** Without a fence, on the lane of the lease. */
  readonly client: Client;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly namespace: string;
  readonly name: string;
  readonly identity: string;
  readonly leaseSeconds?: number;
  readonly renewSeconds?: number;
  readonly validSeconds?: number;
}

/** One a process. */
export class Elector {
  readonly #options: Required<ElectorOptions>;
  #seen: LeaseObject | undefined;
  #seenAt = 0;
  #validUntil = Number.NEGATIVE_INFINITY;
  #held: LeaseObject | undefined;
  #wake: () => void = () => undefined;
  #watchAlive = false;
  #absentSince: number | undefined;
  #watchProblem: string | undefined;
  /** The last attempt failed for another reason than another holder. */
  #failed = false;

  constructor(options: ElectorOptions) {
    this.#options = { leaseSeconds: 15, renewSeconds: 2, validSeconds: 10, ...options };
  }

  /** Throws NotLeader unless writes are covered by the lease. */
  readonly fence = (): void => {
    if (this.#options.clock.monotonic() < this.#validUntil) return;
    const { identity, name, namespace } = this.#options;
    throw new NotLeader(`${identity} does not hold lease ${namespace}/${name}; nothing was written`);
  };

  /** Resolves when this process leads; rejects with the signal's reason. */
  async acquire(signal: AbortSignal): Promise<void> {
    const watching = new AbortController();
    const onAbort = (): void => watching.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    const watch = this.#watch(watching.signal);
    try {
      while (!signal.aborted) {
        if (await this.#tryToTake()) return;
        await this.#pause(signal);
      }
      signal.throwIfAborted();
    } finally {
      signal.removeEventListener('abort', onAbort);
      watching.abort();
      await watch;
    }
  }

  /** Renews until the signal; rejects with LeaseLost. */
  async hold(signal: AbortSignal): Promise<void> {
    const { clock, renewSeconds } = this.#options;
    while (!signal.aborted) {
      // An abort ends the sleep early; the loop sees the signal itself.
      await clock.sleep(renewSeconds * 1000, signal).catch(() => undefined);
      if (signal.aborted) return;
      await this.#renew();
      if (clock.monotonic() >= this.#validUntil) throw this.#lost('could not be renewed in time');
    }
  }

  /** Empties the lease so that a standby takes over at once. Never throws. */
  async release(): Promise<void> {
    const { client, log } = this.#options;
    const held = this.#held;
    this.#validUntil = Number.NEGATIVE_INFINITY;
    if (held === undefined) return;
    try {
      await client.replace(leaseKind, { ...held, spec: { ...held.spec, holderIdentity: '', leaseDurationSeconds: 1 } });
      log.info({}, 'lease released');
    } catch (error) {
      log.warn({ err: error }, 'the lease could not be released; a standby waits until it expires');
    }
  }

  #lost(why: string): LeaseLost {
    const { name, namespace } = this.#options;
    this.#validUntil = Number.NEGATIVE_INFINITY;
    return new LeaseLost(`lease ${namespace}/${name} ${why}`);
  }

  async #pause(signal: AbortSignal): Promise<void> {
    const { clock, leaseSeconds, random, renewSeconds } = this.#options;
    const seconds = this.#seen?.spec?.leaseDurationSeconds ?? leaseSeconds;
    const ends =
      this.#absentSince === undefined ? this.#seenAt + seconds * 1000 : this.#absentSince + (renewSeconds + 1) * 1000;
    const left = ends - clock.monotonic();
    // No frame of the watch tells when an attempt that failed would do better; and an expired lease is no reason to hurry.
    const again = renewSeconds * 1000 * (0.9 + random() * 0.2);
    const expires = left > 0 ? Math.max(left, 100) : again;
    const millis = this.#watchAlive && !this.#failed ? expires : Math.min(again, expires);
    const stop = new AbortController();
    const onAbort = (): void => stop.abort();
    signal.addEventListener('abort', onAbort, { once: true });
    this.#wake = () => stop.abort();
    // Woken early by the watch or the caller's signal; the loop looks again.
    await clock.sleep(millis, stop.signal).catch(() => undefined);
    this.#wake = () => undefined;
    signal.removeEventListener('abort', onAbort);
  }

  async #tryToTake(): Promise<boolean> {
    const { client, clock, identity, log, name, namespace } = this.#options;
    this.#failed = false;
    try {
      const lease = await client.get(leaseKind, { namespace, name });
      const sent = clock.monotonic();
      if (lease === undefined) return this.#mayStillBeHeld() ? false : this.#took(await this.#create(), sent);
      this.#absentSince = undefined;
      this.#observe(lease);
      const holder = lease.spec?.holderIdentity ?? '';
      if (holder !== '' && holder !== identity && !this.#expired(lease)) return false;
      return this.#took(await client.replace(leaseKind, { ...lease, spec: this.#spec(lease) }), sent);
    } catch (error) {
      if (!(error instanceof Conflict || error instanceof AlreadyExists)) {
        this.#failed = true;
        log.warn({ err: error }, 'the lease could not be read or taken; trying again');
      }
      return false;
    }
  }

  #create(): Promise<LeaseObject> {
    const { client, name, namespace } = this.#options;
    const typed = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' };
    const fresh = { ...typed, metadata: { namespace, name }, spec: this.#spec(undefined) };
    return client.create(leaseKind, fresh, 'gpuopt-leader');
  }

  /**
   * Deleting a lease does not stop its holder, who may write until it would have expired. A process that never saw it
   * cannot know, and waits for as long as a holder takes to make it anew.
   */
  #mayStillBeHeld(): boolean {
    const { clock, renewSeconds } = this.#options;
    const seen = this.#seen;
    if (seen === undefined) {
      this.#absentSince ??= clock.monotonic();
      return clock.monotonic() < this.#absentSince + (renewSeconds + 1) * 1000;
    }
    return (seen.spec?.holderIdentity ?? '') !== '' && !this.#expired(seen);
  }

  #took(lease: LeaseObject, sent: number): true {
    this.#held = lease;
    this.#validUntil = sent + this.#options.validSeconds * 1000;
    return true;
  }

  #spec(before: LeaseObject | undefined): LeaseObject['spec'] {
    const { clock, identity, leaseSeconds } = this.#options;
    const now = microTime(clock.now());
    const same = before?.spec?.holderIdentity === identity;
    return {
      holderIdentity: identity,
      leaseDurationSeconds: leaseSeconds,
      acquireTime: same ? (before.spec?.acquireTime ?? now) : now,
      renewTime: now,
      leaseTransitions: (before?.spec?.leaseTransitions ?? 0) + (before === undefined || same ? 0 : 1),
    };
  }

  async #renew(): Promise<void> {
    const { client, clock, identity, log, name, namespace } = this.#options;
    const held = this.#held;
    if (held === undefined) throw this.#lost('is not held');
    const sent = clock.monotonic();
    try {
      this.#took(await client.replace(leaseKind, { ...held, spec: this.#spec(held) }), sent);
    } catch (error) {
      log.warn({ err: error }, 'the lease was not renewed; trying again');
      if (error instanceof NotFound) return this.#recreate();
      if (!(error instanceof Conflict)) return;
      // Conflict: someone wrote it. Still ours (a label, or our own lost answer)? Then go on from there.
      const lease = await client.get(leaseKind, { namespace, name }).catch(() => 'unknown' as const);
      if (lease === 'unknown') return;
      // To the API server a deleted lease is one with another uid: it answers Conflict where others answer NotFound.
      if (lease === undefined) return this.#recreate();
      if (lease.spec?.holderIdentity !== identity) throw this.#lost(`was taken by ${lease.spec?.holderIdentity}`);
      this.#held = lease;
    }
  }

  /** Someone deleted the lease; it is still ours unless another has made it anew, which the next renewal finds out. */
  async #recreate(): Promise<void> {
    const sent = this.#options.clock.monotonic();
    try {
      this.#took(await this.#create(), sent);
    } catch (error) {
      this.#options.log.warn({ err: error }, 'the deleted lease could not be made again; trying again');
    }
  }

  #observe(lease: LeaseObject): void {
    if (this.#seen?.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#seen = lease;
    this.#seenAt = this.#options.clock.monotonic();
  }

  #expired(lease: LeaseObject): boolean {
    const seconds = lease.spec?.leaseDurationSeconds ?? this.#options.leaseSeconds;
    return this.#options.clock.monotonic() - this.#seenAt > seconds * 1000;
  }

  #watch(signal: AbortSignal): Promise<void> {
    const { clock, log, name, namespace, random, transport } = this.#options;
    const path = pathOf(leaseKind, { namespace });
    const see = (lease: LeaseObject): void => {
      this.#watchAlive = true;
      this.#watchProblem = undefined;
      this.#observe(lease);
      if ((lease.spec?.holderIdentity ?? '') === '') this.#wake();
    };
    return new Watcher({
      clock,
      random,
      query: { fieldSelector: `metadata.name=${name}` },
      open: (query, stop) =>
        transport.stream({ method: 'GET', path, query, signal: stop, lane: 'watches', timeoutMillis: 30_000 }),
      sink: {
        begin: () => undefined,
        upsert: see,
        remove: () => this.#wake(),
        complete: () => undefined,
        alive: () => undefined,
        failed: (error) => {
          const problem = error instanceof Error ? error.message : String(error);
          if (problem !== this.#watchProblem)
            log.warn({}, `the lease cannot be watched, it is asked for instead: ${problem}`);
          this.#watchProblem = problem;
          this.#watchAlive = false;
          this.#wake();
        },
      },
    }).run(signal);
  }
}
