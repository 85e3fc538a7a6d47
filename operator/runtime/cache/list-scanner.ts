import { checkSize } from '../client/answer-errors.ts';

const quote = 0x22;
const backslash = 0x5c;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;

/**
 * Cuts the items out of a list's JSON while it streams, so that no whole page is ever parsed.
 * Items are the objects of the array under the top-level key `items`; the rest is parsed at the end.
 */
export class ListScanner {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;
  #key: number[] = [];
  #item: Uint8Array[] = [];
  #itemLength = 0;
  #outside: Uint8Array[] = [];

  /** The items that this chunk completes, as JSON; an item may be a view of the chunk. Throws AnswerTooLarge. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    let from = 0;
    for (let at = 0; at < chunk.length; at += 1) {
      const byte = chunk[at] ?? 0;
      if (this.#inString) {
        this.#string(byte);
        continue;
      }
      if (byte === quote) {
        this.#inString = true;
        if (this.#depth === 1) this.#key = [];
        continue;
      }
      if (byte === openBrace || byte === openBracket) {
        if (this.#depth === 1 && byte === openBracket && String.fromCharCode(...this.#key) === 'items')
          this.#inItems = true;
        if (this.#inItems && this.#depth === 2 && byte === openBrace) {
          this.#keep(chunk.subarray(from, at));
          from = at;
        }
        this.#depth += 1;
        continue;
      }
      if (byte !== closeBrace && byte !== closeBracket) continue;
      this.#depth -= 1;
      if (this.#inItems && this.#depth === 1) {
        // Between items only commas were outside; dropping them leaves an empty array.
        this.#inItems = false;
      }
      if (this.#inItems && this.#depth === 2) {
        yield this.#take(chunk.subarray(from, at + 1));
        from = at + 1;
      }
    }
    const rest = chunk.subarray(from);
    if (this.#inItems && this.#depth > 2) this.#begin(rest);
    else this.#keep(rest);
  }

  #begin(bytes: Uint8Array): void {
    this.#item.push(bytes);
    this.#itemLength += bytes.length;
    checkSize(this.#itemLength);
  }

  /** Copies: a view of a few bytes would keep its whole chunk, and with all of them the whole page, in memory. */
  #keep(bytes: Uint8Array): void {
    if (bytes.length > 0) this.#outside.push(Uint8Array.from(bytes));
  }

  /** What stood around the items, `metadata` above all, as JSON; incomplete when the list was cut. */
  end(): string {
    const text = Buffer.concat(this.#outside).toString('utf8');
    return text.replace(/\[[\s,]*\]/, '[]');
  }

  #string(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === backslash) this.#escaped = true;
    else if (byte === quote) this.#inString = false;
    else if (this.#depth === 1 && this.#key.length < 8) this.#key.push(byte);
  }

  #take(end: Uint8Array): Buffer {
    if (this.#item.length === 0) return Buffer.from(end.buffer, end.byteOffset, end.byteLength);
    const whole = Buffer.concat([...this.#item, end]);
    this.#item = [];
    this.#itemLength = 0;
    return whole;
  }
}
