import { checkSize } from '../client/answer-errors.ts';
import { Backlog } from './backlog.ts';

const headerBytes = 4;

/** Splits a watch into its frames: four bytes of length, the highest first, and then so many bytes. */
export class FrameSplitter {
  readonly #backlog = new Backlog(headerBytes);

  /** The frames that this chunk ends; each may be a view of it. Throws AnswerTooLarge as soon as a length says so. */
  *push(chunk: Uint8Array): Generator<Buffer> {
    const bytes = this.#backlog.add(chunk);
    if (bytes === undefined) return;
    let at = 0;
    let wanted = headerBytes;
    while (bytes.length - at >= headerBytes) {
      const size = bytes.readUInt32BE(at);
      checkSize(size);
      wanted = headerBytes + size;
      if (bytes.length - at < wanted) break;
      yield bytes.subarray(at + headerBytes, at + wanted);
      at += wanted;
      wanted = headerBytes;
    }
    this.#backlog.keep(bytes.subarray(at), wanted);
  }
}
