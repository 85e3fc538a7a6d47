import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Board } from './board.ts';
import { expiredFrame } from './faults.ts';
import { tokenIn, withoutToken } from './token.ts';

/** A frame as it came from the API server. */
export interface FrameRecord {
  readonly token: string;
  readonly resource: string;
  /** `namespace/name` without token. */
  readonly object: string;
  readonly type: string;
}

/** What a stream needs beside its two ends. */
export interface WatchContext {
  readonly resource: string;
  /** Whether the stream begins with a list, whose frames meet no fault but those that shape every frame. */
  readonly initial: boolean;
  readonly board: Board;
  readonly record: (frame: FrameRecord) => void;
}

interface Frame {
  readonly type: string;
  readonly object: {
    readonly metadata?: {
      readonly name?: string;
      readonly namespace?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
}

const HOLD_MILLIS = 3_000;
/** Bytes of a piece of a split frame: prime, so that cuts fall everywhere, characters of several bytes included. */
const PIECE_BYTES = 97;
const NEWLINE = 0x0a;

/** Carries a watch from the API server to the operator, frame by frame, and does to it what the board says. */
export class WatchStream {
  readonly #context: WatchContext;
  readonly #to: ServerResponse;
  #initial: boolean;
  /** Timers of frames that are held back, by object. */
  readonly #held = new Map<string, NodeJS.Timeout>();
  #delayedUntil = 0;
  #silent = false;

  constructor(context: WatchContext, to: ServerResponse) {
    this.#context = context;
    this.#to = to;
    this.#initial = context.initial;
  }

  /** Runs until either end closes. */
  async carry(from: AsyncIterable<Buffer>): Promise<void> {
    try {
      let rest: Buffer = Buffer.alloc(0);
      for await (const chunk of from) {
        rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (let end = rest.indexOf(NEWLINE); end >= 0; end = rest.indexOf(NEWLINE)) {
          const line = rest.subarray(0, end + 1);
          rest = rest.subarray(end + 1);
          if (!(await this.#frame(line))) return;
        }
      }
      this.#to.end();
    } finally {
      for (const timer of this.#held.values()) clearTimeout(timer);
    }
  }

  /** Passes one frame on; false when the stream is over. */
  async #frame(line: Buffer): Promise<boolean> {
    const frame: Frame = JSON.parse(line.toString());
    const { namespace = '', name = '', annotations } = frame.object.metadata ?? {};
    const full = namespace === '' ? name : `${namespace}/${name}`;
    const token = tokenIn(full);
    const object = token === undefined ? full : withoutToken(full, token);
    const { board, record, resource } = this.#context;
    const initial = this.#initial;
    if (frame.type === 'BOOKMARK' && annotations?.['k8s.io/initial-events-end'] === 'true') this.#initial = false;
    if (this.#silent) return true;
    if (token !== undefined && !initial) record({ token, resource, object, type: frame.type });
    clearTimeout(this.#held.get(full));
    this.#held.delete(full);
    const fault = initial ? undefined : board.forFrame(resource, token, object)?.fault;
    if (fault === 'cut') {
      await this.#write(line.subarray(0, Math.floor(line.length / 2)));
      this.#to.destroy();
      return false;
    }
    if (fault === 'expire') {
      await this.#write(Buffer.from(expiredFrame));
      this.#to.end();
      return false;
    }
    if (fault === 'blackhole') this.#silent = true;
    if (fault === 'delay') this.#delayedUntil = Date.now() + HOLD_MILLIS;
    if (fault === 'swallow') this.#hold(full, line);
    if (fault === 'swallow' || this.#silent) return true;
    if (fault === 'split') return await this.#pieces(line);
    await this.#write(line);
    if (fault === 'double') await this.#write(line);
    return true;
  }

  /** Keeps a frame until another of its object replaces it; no event is lost that nothing follows, since no API server loses it. */
  #hold(object: string, line: Buffer): void {
    const late = (): void => {
      this.#held.delete(object);
      if (!this.#to.destroyed) this.#to.write(line);
    };
    this.#held.set(object, setTimeout(late, HOLD_MILLIS));
  }

  async #pieces(line: Buffer): Promise<boolean> {
    for (let from = 0; from < line.length; from += PIECE_BYTES) {
      await this.#write(line.subarray(from, from + PIECE_BYTES));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return true;
  }

  async #write(bytes: Buffer): Promise<void> {
    const wait = this.#delayedUntil - Date.now();
    if (wait > 0) await delay(wait);
    if (this.#to.destroyed || this.#to.write(bytes)) return;
    await Promise.race([once(this.#to, 'drain'), once(this.#to, 'close')]);
  }
}
