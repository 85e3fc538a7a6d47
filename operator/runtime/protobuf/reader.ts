import { AnswerMalformed } from '../client/answer-errors.ts';
import { Interner } from './interner.ts';

/** What follows a tag: a varint, eight bytes, a length with so many bytes, four bytes. */
export const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

const nothing = Buffer.alloc(0);

/** Reads the parts of protobuf from one buffer after the other. Throws AnswerMalformed beyond the end of what it is in. */
export class Reader {
  readonly #strings = new Interner();
  #bytes: Buffer = nothing;
  #at = 0;
  #limit = 0;

  /** Begins with other bytes. */
  open(bytes: Buffer): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.#limit = bytes.length;
  }

  /** Lets go of the bytes: a view of a few keeps their whole chunk in memory. */
  close(): void {
    this.open(nothing);
  }

  /** Whether anything is left of what was entered. */
  get more(): boolean {
    return this.#at < this.#limit;
  }

  /** Goes into the part whose length comes next; answers what `leave` wants to know. */
  enter(): number {
    const outer = this.#limit;
    const length = this.#length();
    this.#limit = this.#at + length;
    return outer;
  }

  /** Goes back out, behind the part. */
  leave(outer: number): void {
    this.#at = this.#limit;
    this.#limit = outer;
  }

  /** The number of a field times eight, plus its wire type. */
  tag(): number {
    return this.#unsigned();
  }

  /** A signed number. Beyond 2^53 the nearest double, as JSON.parse reads it. */
  int(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let low = first & 0x7f;
    let high = 0;
    for (let shift = 7; shift < 70; shift += 7) {
      const byte = this.#byte();
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return high * 0x1_0000_0000 + (low >>> 0);
    }
    throw new AnswerMalformed('a protobuf number is longer than ten bytes');
  }

  /** A string, its length first. */
  text(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at = from + length;
    return length === 0 ? '' : this.#strings.text(this.#bytes, from, this.#at);
  }

  /** Bytes as JSON has them, their length first. */
  base64(): string {
    const length = this.#length();
    const from = this.#at;
    this.#at = from + length;
    return this.#bytes.toString('base64', from, this.#at);
  }

  /** Takes the next bytes when they are these. */
  takes(wanted: Uint8Array): boolean {
    const end = this.#at + wanted.length;
    if (end > this.#limit || this.#bytes.compare(wanted, 0, wanted.length, this.#at, end) !== 0) return false;
    this.#at = end;
    return true;
  }

  /** Leaves a field out whose tag was read. */
  skip(tag: number): void {
    switch (tag & 7) {
      case wire.varint:
        this.int();
        return;
      case wire.bytes:
        this.#forward(this.#length());
        return;
      case wire.fixed64:
        this.#forward(8);
        return;
      case wire.fixed32:
        this.#forward(4);
        return;
      default:
        throw new AnswerMalformed(
          `protobuf field ${tag >>> 3} has wire type ${tag & 7}, which Kubernetes does not use`,
        );
    }
  }

  #forward(bytes: number): void {
    if (bytes > this.#limit - this.#at) throw cutOff();
    this.#at += bytes;
  }

  #length(): number {
    const length = this.#unsigned();
    if (length > this.#limit - this.#at) throw cutOff();
    return length;
  }

  /** A tag or a length: always below 2^31. */
  #unsigned(): number {
    const first = this.#byte();
    if (first < 0x80) return first;
    let value = first & 0x7f;
    for (let shift = 7; shift < 35; shift += 7) {
      const byte = this.#byte();
      value |= (byte & 0x7f) << shift;
      if (byte >= 0x80) continue;
      if (value < 0 || (shift === 28 && byte > 7)) break;
      return value;
    }
    throw new AnswerMalformed('a protobuf tag or length is beyond 2^31');
  }

  #byte(): number {
    if (this.#at >= this.#limit) throw cutOff();
    const byte = this.#bytes[this.#at] ?? 0;
    this.#at += 1;
    return byte;
  }
}

function cutOff(): AnswerMalformed {
  return new AnswerMalformed('protobuf that says it is longer than what arrived');
}
