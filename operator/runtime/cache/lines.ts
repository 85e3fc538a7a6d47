import { checkSize } from '../client/answer-errors.ts';

const lf = 0x0a;

/**
 * Splits a byte stream at LF only (never at U+2028); what follows the last LF stays until more arrives. A line may be a
 * view of its chunk: it is to be read before the next push.
 */
export class LineSplitter {
  #rest: Uint8Array[] = [];
  #restLength = 0;

  /** The complete lines that this chunk ends, without empty ones. Throws AnswerTooLarge when a line does not end. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    let start = 0;
    for (let end = chunk.indexOf(lf); end >= 0; end = chunk.indexOf(lf, start)) {
      const line = this.#take(chunk.subarray(start, end));
      start = end + 1;
      if (line.length > 0) yield line;
    }
    if (start < chunk.length) this.#keep(chunk.subarray(start));
  }

  #keep(rest: Uint8Array): void {
    this.#rest.push(rest);
    this.#restLength += rest.length;
    checkSize(this.#restLength);
  }

  #take(end: Uint8Array): Buffer {
    if (this.#rest.length === 0) return Buffer.from(end.buffer, end.byteOffset, end.byteLength);
    const whole = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    this.#restLength = 0;
    return whole;
  }
}
