/** Answers in protobuf, read with the table of a kind. */
import type { Reading } from '../cache/reading.ts';
import { decoderOf } from './decoder.ts';
import { EventStream } from './event-stream.ts';
import type { ProtobufMessage } from './message.ts';
import { PageStream } from './page-stream.ts';
import { Reader } from './reader.ts';

/** The reading of a kind; its strings are shared by all that it reads, one answer at a time. */
export function protobufReading(message: ProtobufMessage): Reading {
  const decode = decoderOf(message);
  const reader = new Reader();
  return { page: () => new PageStream(reader, decode), events: () => new EventStream(reader, decode) };
}
