/** Writes events of events.k8s.io/v1: equal ones become a series, floods are cut, nothing ever throws. */
import { hash } from 'node:crypto';
import type { Clock, Logger } from '../../observability/index.ts';
import type { Backend } from '../client/backend.ts';
import { Forbidden, NotFound } from '../client/errors.ts';
import { apiVersionOf } from '../kinds.ts';
import type { RuntimeMetrics } from '../metrics.ts';
import type { EventIntent, Kind, KubeObject } from '../types.ts';

/** What a recorder needs. */
export interface RecorderOptions {
  readonly backend: Backend;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<RuntimeMetrics, 'eventsDropped'>;
  /** This process: the pod's name or the host's. */
  readonly instance: string;
}

const eventKind: Kind<KubeObject> = {
  group: 'events.k8s.io',
  version: 'v1',
  kind: 'Event',
  plural: 'events',
  scope: 'Namespaced',
};

const windowMillis = 10 * 60_000;
/** A series is written when it begins and then at most this often. */
const seriesMillis = 60_000;
/** client-go's spam filter: bursts of 25 an object, then one in five minutes. */
const burst = 25;
const refillMillis = 300_000;
const longestQueue = 1_000;
const mostRemembered = 10_000;
const noteBytes = 1_024;

interface Series {
  readonly name: string;
  readonly namespace: string;
  count: number;
  lastAt: number;
  sentAt: number;
}

/** A request that waits for its turn. */
interface Job {
  readonly write: () => Promise<unknown>;
  readonly failed: (error: unknown) => void;
}

interface Bucket {
  tokens: number;
  at: number;
}

/** One a process. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #series = new Map<string, Series>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #waiting: Job[] = [];
  #pumping: Promise<void> | undefined;
  /** The methods that the API server has refused so far. */
  readonly #refused = new Set<string>();

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  /** Takes an event and returns at once. */
  readonly record = (event: EventIntent, controller: string): void => {
    const { clock } = this.#options;
    // Spans by the monotonic clock: a wall clock set back would silence or flood.
    const now = clock.monotonic();
    const { uid = '', name = '' } = event.regarding.metadata;
    const key = `${controller}|${event.dedupeKey ?? `${uid}|${event.reason}|${event.note}`}`;
    const known = this.#series.get(key);
    if (known !== undefined && now - known.lastAt < windowMillis) {
      this.#repeat(key, known, now);
      return;
    }
    if (!this.#allows(uid || name, now)) {
      this.#options.metrics.eventsDropped.inc({ reason: 'rate' });
      return;
    }
    const namespace = event.regarding.metadata.namespace ?? 'default';
    const id = hash('sha1', `${key}|${clock.now()}|${this.#options.instance}`).slice(0, 16);
    const made: Series = { name: `${name.slice(0, 200)}.${id}`, namespace, count: 1, lastAt: now, sentAt: now };
    if (this.#series.size >= mostRemembered) this.#series.clear();
    this.#series.set(key, made);
    const body = this.#body(event, controller, made, clock.now());
    this.#enqueue({
      write: () => this.#options.backend.create(eventKind, body, 'gpuopt-events'),
      // Nothing is there that the next one could be counted on.
      failed: () => this.#forget(key, made),
    });
  };

  /** Waits until everything taken is written, at most `millis`. */
  async flush(millis: number): Promise<void> {
    const stop = new AbortController();
    // The sleep is aborted when the queue is empty first.
    const limit = this.#options.clock.sleep(millis, stop.signal).catch(() => undefined);
    await Promise.race([this.#pumping ?? Promise.resolve(), limit]);
    stop.abort();
  }

  #repeat(key: string, series: Series, now: number): void {
    series.count += 1;
    series.lastAt = now;
    if (series.count > 2 && now - series.sentAt < seriesMillis) return;
    series.sentAt = now;
    const { name, namespace, count } = series;
    const body = { series: { count, lastObservedTime: microTime(this.#options.clock.now()) } };
    this.#enqueue({
      write: () =>
        this.#options.backend.patch(eventKind, { namespace, name }, { type: 'merge', body }, 'gpuopt-events'),
      failed: (error) => {
        if (error instanceof NotFound) this.#forget(key, series);
      },
    });
  }

  #body(event: EventIntent, controller: string, { name, namespace }: Series, now: number): KubeObject {
    const { name: of, namespace: inside, uid, resourceVersion } = event.regarding.metadata;
    const content = {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name, namespace },
      eventTime: microTime(now),
      reportingController: `gpuoptimizer.io/${controller}`,
      reportingInstance: this.#options.instance,
      action: event.action,
      reason: event.reason,
      type: event.type,
      note: inBytes(event.note),
      regarding: {
        apiVersion: apiVersionOf(event.kind),
        kind: event.kind.kind,
        name: of,
        namespace: inside,
        uid,
        resourceVersion,
      },
    };
    return content;
  }

  #allows(object: string, now: number): boolean {
    if (this.#buckets.size >= mostRemembered) this.#buckets.clear();
    const bucket = this.#buckets.get(object) ?? { tokens: burst, at: now };
    bucket.tokens = Math.min(burst, bucket.tokens + (now - bucket.at) / refillMillis);
    bucket.at = now;
    this.#buckets.set(object, bucket);
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #forget(key: string, series: Series): void {
    if (this.#series.get(key) === series) this.#series.delete(key);
  }

  #enqueue(job: Job): void {
    if (this.#waiting.length >= longestQueue) {
      this.#options.metrics.eventsDropped.inc({ reason: 'queue' });
      job.failed(undefined);
      return;
    }
    this.#waiting.push(job);
    this.#pumping ??= this.#pump();
  }

  async #pump(): Promise<void> {
    for (let job = this.#waiting.shift(); job !== undefined; job = this.#waiting.shift()) {
      try {
        await job.write();
      } catch (error) {
        const reason = error instanceof NotFound ? 'namespace' : 'refused';
        this.#options.metrics.eventsDropped.inc({ reason });
        job.failed(error);
        this.#say(error);
      }
    }
    this.#pumping = undefined;
  }

  /** A right that is missing is told once, all else would be noise. */
  #say(error: unknown): void {
    const { log } = this.#options;
    if (!(error instanceof Forbidden)) {
      log.debug({ err: error }, 'an event could not be written');
      return;
    }
    const refused = error.url.split(' ')[0] ?? '';
    if (this.#refused.has(refused)) return;
    this.#refused.add(refused);
    log.warn({ err: error }, `events are not written: ${error.message}`);
  }
}

/** As much of a note as the API server takes: 1,024 bytes (k8s.io/kubernetes pkg/apis/core/validation, NoteLengthLimit). */
function inBytes(note: string): string {
  const bytes = Buffer.from(note);
  if (bytes.length <= noteBytes) return note;
  // A character cut in two becomes U+FFFD, which is no part of the note.
  return bytes
    .subarray(0, noteBytes)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}

/** RFC 3339 in microseconds; Kubernetes' MicroTime takes exactly six digits. */
export function microTime(millis: number): string {
  return new Date(millis).toISOString().replace('Z', '000Z');
}
