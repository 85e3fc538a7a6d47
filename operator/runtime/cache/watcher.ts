/**
 * Keeps a sink in step with a collection, for ever: empty → streaming list | pages → watching.
 *
 *   empty ──sendInitialEvents──▶ streaming ──bookmark "initial-events-end"──▶ watching
 *     │ 400/422: never again        │ any break                                │ closed: resume from the last version
 *     └──limit=500────▶ pages ──────┴───────────────◀──── 410 ─────────────────┘ error: back off, resume
 */
import type { Clock } from '../../observability/index.ts';
import { ApiError, errorFromBody, Gone, Invalid, NotFound, ServerError } from '../client/errors.ts';
import { isProtobuf } from '../client/media-types.ts';
import type { ProtobufMessage } from '../protobuf/message.ts';
import { protobufReading } from '../protobuf/reading.ts';
import type { KubeObject } from '../types.ts';
import { type Frame, jsonReading, type Reading } from './reading.ts';

/** Who receives a collection. */
export interface Sink {
  /** A list begins; what it does not hold is gone when it is complete. */
  begin(reason: 'start' | 'expired' | 'restart'): void;
  upsert(object: KubeObject, initial: boolean): void;
  remove(object: KubeObject): void;
  /** The list is complete; it tells the state at `version`. */
  complete(version: string | undefined): void;
  /** Something arrived, a bookmark included. */
  alive(): void;
  /** The connection failed; the watcher goes on by itself. */
  failed(error: unknown): void;
}

/** A list or watch that was opened. */
export interface Opened {
  /** The header of the answer. */
  readonly contentType: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Opens a list or watch; the signal ends it. */
export type Open = (query: Readonly<Record<string, string | undefined>>, signal: AbortSignal) => Promise<Opened>;

/** What a watcher needs. */
export interface WatcherOptions {
  readonly open: Open;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly random: () => number;
  /** Added to every query, for example a field selector. */
  readonly query?: Readonly<Record<string, string>>;
  /** How long a stream that has sent bookmarks may be silent; they come once a minute. */
  readonly silenceMillis?: number;
  /** Longest pause before a kind that is not served is asked for again. */
  readonly unservedMillis?: number;
  /** Reads answers in protobuf; without it `open` must not ask for them. */
  readonly protobuf?: ProtobufMessage;
}

const watchSeconds = 290;
const graceMillis = 5_000;
const pageSize = '500';
const firstBackoffMillis = 800;
const longestBackoffMillis = 30_000;
const longestUnservedMillis = 5_000;
/** A server that asks for more patience than this is asked all the same. */
const longestWishMillis = 60_000;
const healthyMillis = 120_000;
const sliceMillis = 8;
const settledMillis = 2_000;

/** Runs until the signal aborts; never throws. */
export class Watcher {
  readonly #options: WatcherOptions;
  readonly #protobuf: Reading | undefined;
  #version: string | undefined;
  #streaming = true;
  /** Whether the server sends bookmarks: silence then says something from the first moment of a stream. */
  #bookmarks = false;
  #failures = 0;
  #reason: Parameters<Sink['begin']>[0] = 'start';

  constructor(options: WatcherOptions) {
    this.#options = options;
    this.#protobuf = options.protobuf && protobufReading(options.protobuf);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, sink, unservedMillis = longestUnservedMillis } = this.#options;
    while (!signal.aborted) {
      const started = clock.monotonic();
      const before = this.#version;
      try {
        await this.#connect(signal);
        if (clock.monotonic() - started > healthyMillis) this.#failures = 0;
        // A server that ends every watch at once must not be asked in a hot loop.
        if (this.#version === before && clock.monotonic() - started < firstBackoffMillis) await this.#backOff(signal);
      } catch (error) {
        if (signal.aborted) return;
        if (clock.monotonic() - started > healthyMillis) this.#failures = 0;
        if (this.#refusesStreaming(error)) continue;
        if (error instanceof Gone) {
          this.#version = undefined;
          this.#reason = 'expired';
          if (before !== undefined && this.#failures === 0) {
            this.#failures = 1;
            continue;
          }
        }
        sink.failed(error);
        // A kind that is not served yet may be installed at any moment.
        const longest = error instanceof NotFound ? unservedMillis : longestBackoffMillis;
        await this.#backOff(signal, longest, error instanceof ApiError ? error.retryAfter : undefined);
      }
    }
  }

  #refusesStreaming(error: unknown): boolean {
    if (!this.#streaming || this.#version !== undefined || !(error instanceof Invalid)) return false;
    this.#streaming = false;
    return true;
  }

  /** `wished` is what the server asked for; an overloaded one is not asked earlier. */
  async #backOff(signal: AbortSignal, longest = longestBackoffMillis, wished = 0): Promise<void> {
    const { clock, random } = this.#options;
    const ceiling = Math.min(firstBackoffMillis * 2 ** this.#failures, longest);
    this.#failures += 1;
    // An abort ends the sleep early; the loop sees the signal itself.
    const millis = Math.max(ceiling * (0.5 + random() / 2), Math.min(wished, longestWishMillis));
    await clock.sleep(millis, signal).catch(() => undefined);
  }

  async #connect(signal: AbortSignal): Promise<void> {
    if (this.#version !== undefined) return this.#watch(signal, this.#version);
    if (this.#streaming) return this.#watch(signal, undefined);
    return this.#pages(signal);
  }

  async #pages(signal: AbortSignal): Promise<void> {
    const { open, query, sink } = this.#options;
    sink.begin(this.#reason);
    let token: string | undefined;
    do {
      const pace = new Pace(this.#options.clock);
      const opened = await open({ ...query, limit: pageSize, continue: token }, signal);
      const page = this.#readingOf(opened).page();
      for await (const chunk of opened.chunks) {
        for (const object of page.push(chunk)) sink.upsert(object, true);
        await pace.rest();
      }
      const meta = page.end();
      token = meta.continue || undefined;
      if (token === undefined) this.#version = meta.resourceVersion;
    } while (token !== undefined);
    this.#reason = 'restart';
    sink.complete(this.#version);
  }

  async #watch(signal: AbortSignal, from: string | undefined): Promise<void> {
    const { clock, open, query, random, silenceMillis = 130_000, sink } = this.#options;
    const seconds = Math.round(watchSeconds * (0.8 + random() * 0.2));
    const stream = new AbortController();
    const onAbort = (): void => stream.abort(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    // The first event of a list may take its time.
    const patience = this.#bookmarks && from !== undefined ? silenceMillis : seconds * 1000 + graceMillis;
    const idle = new Idle(stream, patience);
    if (from === undefined) sink.begin(this.#reason);
    let initial = from === undefined;
    let settled: NodeJS.Timeout | undefined;
    try {
      const initialEvents = { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' };
      const start = from === undefined ? initialEvents : { resourceVersion: from };
      const common = { watch: 'true', allowWatchBookmarks: 'true', timeoutSeconds: String(seconds) };
      const pace = new Pace(clock);
      const opened = await open({ ...query, ...common, ...start }, stream.signal);
      const events = this.#readingOf(opened).events();
      // A quiet watch that stays open is as good as one that tells something.
      settled = setTimeout(() => sink.alive(), settledMillis);
      for await (const chunk of opened.chunks) {
        idle.reset();
        for (const frame of events.push(chunk)) {
          if (frame.type === 'BOOKMARK') {
            this.#bookmarks = true;
            idle.shorten(silenceMillis);
          }
          if (this.#frame(frame, initial)) initial = false;
        }
        sink.alive();
        await pace.rest();
      }
    } finally {
      clearTimeout(settled);
      idle.stop();
      signal.removeEventListener('abort', onAbort);
      stream.abort();
    }
  }

  #readingOf({ contentType }: Opened): Reading {
    return this.#protobuf !== undefined && isProtobuf(contentType) ? this.#protobuf : jsonReading;
  }

  /** Handles one frame; true when it ends the initial list. */
  #frame({ type, object }: Frame, initial: boolean): boolean {
    const { sink } = this.#options;
    if (type === 'ERROR') throw errorFromBody(200, JSON.stringify(object), 'WATCH');
    const version = object.metadata.resourceVersion;
    if (type === 'BOOKMARK') {
      const ends = object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true';
      if (initial && !ends) return false;
      this.#version = version;
      if (!initial) return false;
      this.#reason = 'restart';
      sink.complete(version);
      return true;
    }
    if (type === 'DELETED') sink.remove(object);
    else sink.upsert(object, initial);
    if (!initial) this.#version = version;
    return false;
  }
}

/** Gives the loop back to others after each slice of work. */
class Pace {
  readonly #clock: Clock;
  #since: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.monotonic();
  }

  async rest(): Promise<void> {
    if (this.#clock.monotonic() - this.#since < sliceMillis) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#since = this.#clock.monotonic();
  }
}

/** Ends a stream that is silent for too long: a half-open connection looks like a quiet one. */
class Idle {
  readonly #stream: AbortController;
  #millis: number;
  #timer: NodeJS.Timeout;

  constructor(stream: AbortController, millis: number) {
    this.#stream = stream;
    this.#millis = millis;
    this.#timer = this.#start();
  }

  #start(): NodeJS.Timeout {
    return setTimeout(() => {
      const fields = { status: 0, reason: 'Idle', url: 'WATCH', message: `silent for ${this.#millis} ms` };
      this.#stream.abort(new ServerError(fields));
    }, this.#millis);
  }

  reset(): void {
    this.#timer.refresh();
  }

  shorten(millis: number): void {
    if (millis >= this.#millis) return;
    clearTimeout(this.#timer);
    this.#millis = millis;
    this.#timer = this.#start();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}
