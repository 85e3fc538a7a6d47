import type { ListMeta } from '../cache/reading.ts';
import { AnswerMalformed, checkSize } from '../client/answer-errors.ts';
import type { KubeObject } from '../types.ts';
import { Backlog } from './backlog.ts';
import { type Decode, decoderOf } from './decoder.ts';
import { magic } from './envelope.ts';
import { isObject } from './event-stream.ts';
import { type Part, partAt } from './part.ts';
import type { Reader } from './reader.ts';

/** Of meta/v1 ListMeta; numbers: apimachinery, pkg/apis/meta/v1/generated.proto. */
const decodeListMeta = decoderOf({
  2: { name: 'resourceVersion', type: 'string' },
  3: { name: 'continue', type: 'string' },
});

/** The field of the envelope that holds the list, and the two of every list. */
const raw = 2;
const metadata = 1;
const items = 2;

/** Cuts a list into its objects while it arrives, so that no page is ever in memory as a whole. */
export class PageStream {
  readonly #backlog = new Backlog(magic.length);
  readonly #reader: Reader;
  readonly #decode: Decode;
  #begun = false;
  /** Bytes of the list that are to come; undefined in front of it. */
  #left: number | undefined;
  #meta: ListMeta = {};

  constructor(reader: Reader, decode: Decode) {
    this.#reader = reader;
    this.#decode = decode;
  }

  /** The items that this chunk completes. Throws AnswerMalformed, AnswerTooLarge. */
  *push(chunk: Uint8Array): Generator<KubeObject> {
    const bytes = this.#backlog.add(chunk);
    if (bytes === undefined) return;
    let at = this.#begin(bytes);
    let wanted = 1;
    while (at < bytes.length) {
      const part = partAt(bytes, at);
      wanted = part === undefined ? bytes.length - at + 1 : part.to - at;
      if (part === undefined) break;
      if (this.#left === undefined && part.number === raw) {
        this.#left = part.to - part.from;
        at = part.from;
        wanted = 1;
        continue;
      }
      checkSize(part.to - part.from);
      if (part.to > bytes.length) break;
      const item = this.#take(part, bytes, part.to - at);
      if (item !== undefined) yield item;
      at = part.to;
      wanted = 1;
    }
    this.#backlog.keep(bytes.subarray(at), wanted);
  }

  /** Version and continue token. Throws AnswerMalformed when the list was cut. */
  end(): ListMeta {
    if (this.#left !== 0) throw new AnswerMalformed('a list ended before it was complete');
    return this.#meta;
  }

  #begin(bytes: Buffer): number {
    if (this.#begun) return 0;
    this.#begun = true;
    if (bytes.indexOf(magic) === 0) return magic.length;
    throw new AnswerMalformed('a list does not begin with the four bytes of protobuf');
  }

  /** What is in front of the list and behind it says nothing that is not known. */
  #take(part: Part, bytes: Buffer, size: number): KubeObject | undefined {
    if (this.#left === undefined || this.#left === 0) return undefined;
    this.#left -= size;
    if (this.#left < 0) throw new AnswerMalformed('an item is longer than its list');
    if (part.number === metadata) this.#meta = this.#read(part, bytes, decodeListMeta);
    if (part.number !== items) return undefined;
    const object = this.#read(part, bytes, this.#decode);
    if (!isObject(object)) throw new AnswerMalformed('an item of a list has no metadata');
    return object;
  }

  #read(part: Part, bytes: Buffer, decode: Decode): Record<string, unknown> {
    this.#reader.open(bytes.subarray(part.from, part.to));
    const made = decode(this.#reader);
    this.#reader.close();
    return made;
  }
}
