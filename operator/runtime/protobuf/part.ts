import { AnswerMalformed } from '../client/answer-errors.ts';
import { wire } from './reader.ts';

/** A field with a length, of which the content need not be here yet. */
export interface Part {
  readonly number: number;
  readonly from: number;
  readonly to: number;
}

/** The field that begins at `at`; undefined when not all of its tag and length is here. Throws AnswerMalformed for one without a length. */
export function partAt(bytes: Buffer, at: number): Part | undefined {
  const tag = varintAt(bytes, at);
  if (tag === undefined) return undefined;
  if ((tag.value & 7) !== wire.bytes)
    throw new AnswerMalformed(`field ${tag.value >>> 3} of a list has wire type ${tag.value & 7}, not ${wire.bytes}`);
  const length = varintAt(bytes, tag.end);
  if (length === undefined) return undefined;
  return { number: tag.value >>> 3, from: length.end, to: length.end + length.value };
}

interface Varint {
  readonly value: number;
  readonly end: number;
}

function varintAt(bytes: Buffer, from: number): Varint | undefined {
  let value = 0;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    value += (byte & 0x7f) * 2 ** (7 * (at - from));
    if (byte < 0x80) return { value, end: at + 1 };
    if (at - from > 4) throw new AnswerMalformed('a protobuf length is beyond 2^35');
  }
  return undefined;
}
