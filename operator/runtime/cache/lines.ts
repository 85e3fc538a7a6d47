const lf = 0x0a;

/** Splits a byte stream at LF only (never at U+2028); what follows the last LF stays until more arrives. */
export class LineSplitter {
  #rest: Uint8Array[] = [];

  /** The complete lines that this chunk ends, without empty ones. */
  *push(chunk: Uint8Array): Generator<string> {
    let start = 0;
    for (let end = chunk.indexOf(lf); end >= 0; end = chunk.indexOf(lf, start)) {
      const line = this.#take(chunk.subarray(start, end));
      start = end + 1;
      if (line !== '') yield line;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
  }

  #take(end: Uint8Array): string {
    if (this.#rest.length === 0) return decode(end);
    const whole = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    return decode(whole);
  }
}

function decode(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
