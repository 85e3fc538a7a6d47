import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Board } from './board.ts';
import type { FrameForm } from './frames.ts';
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
  readonly form: FrameForm;
  readonly board: Board;
  readonly record: (frame: FrameRecord) => void;
}

const HOLD_MILLIS = 3_000;
/** Bytes of a piece of a split frame: prime, so that cuts fall everywhere, characters of several bytes included. */
const PIECE_BYTES = 97;

/** Carries a watch from the API server to the operator, frame by frame, and does to it what the board says. */
export class WatchStream {
  readonly #context: WatchContext;
  readonly #to: ServerResponse;
  #initial: boolean;
  /** Frames that are held back, by object, and when they are let go. */
  readonly #held = new Map<string, { readonly frame: Buffer; readonly timer: NodeJS.Timeout }>();
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
        const { length } = this.#context.form;
        for (let size = length(rest); size > 0; size = length(rest)) {
          const frame = rest.subarray(0, size);
          rest = rest.subarray(size);
          if (!(await this.#frame(frame))) return;
        }
      }
      // The operator goes on after the last frame that it saw, so what is still held would never come.
      for (const { frame } of this.#held.values()) await this.#write(frame);
      this.#to.end();
    } finally {
      for (const { timer } of this.#held.values()) clearTimeout(timer);
    }
  }

  /** Passes one frame on; false when the stream is over. */
  async #frame(frame: Buffer): Promise<boolean> {
    const { board, form, record, resource } = this.#context;
    const { endsList, name, namespace, type } = form.read(frame);
    const full = namespace === '' ? name : `${namespace}/${name}`;
    const token = tokenIn(full);
    const object = token === undefined ? full : withoutToken(full, token);
    const initial = this.#initial;
    if (endsList) this.#initial = false;
    if (this.#silent) return true;
    if (token !== undefined && !initial) record({ token, resource, object, type });
    clearTimeout(this.#held.get(full)?.timer);
    this.#held.delete(full);
    const fault = initial ? undefined : board.forFrame(resource, token, object)?.fault;
    if (fault === 'cut') {
      await this.#write(frame.subarray(0, Math.floor(frame.length / 2)));
      this.#to.destroy();
      return false;
    }
    if (fault === 'expire') {
      await this.#write(form.expired);
      this.#to.end();
      return false;
    }
    if (fault === 'blackhole') this.#silent = true;
    if (fault === 'delay') this.#delayedUntil = Date.now() + HOLD_MILLIS;
    if (fault === 'swallow') this.#hold(full, frame);
    if (fault === 'swallow' || this.#silent) return true;
    if (fault === 'split') return await this.#pieces(frame);
    await this.#write(frame);
    if (fault === 'double') await this.#write(frame);
    return true;
  }

  /** Keeps a frame until another of its object replaces it; no event is lost that nothing follows, since no API server loses it. */
  #hold(object: string, frame: Buffer): void {
    const late = (): void => {
      this.#held.delete(object);
      if (!this.#to.destroyed) this.#to.write(frame);
    };
    this.#held.set(object, { frame, timer: setTimeout(late, HOLD_MILLIS) });
  }

  async #pieces(frame: Buffer): Promise<boolean> {
    for (let from = 0; from < frame.length; from += PIECE_BYTES) {
      await this.#write(frame.subarray(from, from + PIECE_BYTES));
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
