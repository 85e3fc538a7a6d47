/** Bytes that arrived and could not be read yet. They are joined once all that is waited for is there, not with each chunk. */
export class Backlog {
  #pieces: Uint8Array[] = [];
  #length = 0;
  #wanted: number;

  /** Nothing is handed out before `wanted` bytes are here. */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  /** All that is here, in one piece, a view of the chunk if nothing was kept; undefined while it is less than wanted. */
  add(chunk: Uint8Array): Buffer | undefined {
    this.#pieces.push(chunk);
    this.#length += chunk.length;
    if (this.#length < this.#wanted) return undefined;
    const [first = chunk] = this.#pieces;
    const whole =
      this.#pieces.length === 1
        ? Buffer.from(first.buffer, first.byteOffset, first.byteLength)
        : Buffer.concat(this.#pieces);
    this.#pieces = [];
    this.#length = 0;
    return whole;
  }

  /** Keeps what could not be read; `wanted` bytes, these included, are needed to go on. */
  keep(rest: Uint8Array, wanted: number): void {
    if (rest.length > 0) this.#pieces.push(rest);
    this.#length = rest.length;
    this.#wanted = wanted;
  }
}
