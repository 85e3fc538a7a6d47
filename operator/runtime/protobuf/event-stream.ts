import type { Frame } from '../cache/reading.ts';
import { AnswerMalformed } from '../client/answer-errors.ts';
import type { KubeObject } from '../types.ts';
import { type Decode, decoderOf } from './decoder.ts';
import { readEnvelope } from './envelope.ts';
import { FrameSplitter } from './frames.ts';
import type { Reader } from './reader.ts';
import { decodeStatus } from './status.ts';

/** All that a bookmark says, whatever the table of its kind reads. Numbers: pkg/apis/meta/v1/generated.proto. */
const decodeBookmark = decoderOf({
  1: {
    name: 'metadata',
    type: {
      6: { name: 'resourceVersion', type: 'string' },
      12: { name: 'annotations', type: 'string', of: 'map' },
    },
  },
});

/** Reads a watch: frames of meta/v1 WatchEvent, each around an object in its envelope. */
export class EventStream {
  readonly #splitter = new FrameSplitter();
  readonly #reader: Reader;
  readonly #decode: Decode;

  constructor(reader: Reader, decode: Decode) {
    this.#reader = reader;
    this.#decode = decode;
  }

  /** The events that this chunk ends. Throws AnswerMalformed, AnswerTooLarge. */
  *push(chunk: Uint8Array): Generator<Frame> {
    for (const frame of this.#splitter.push(chunk)) yield this.#event(frame);
  }

  #event(bytes: Buffer): Frame {
    const reader = this.#reader;
    let type = '';
    let object: unknown;
    reader.open(bytes);
    while (reader.more) {
      const tag = reader.tag();
      if (tag === 0x0a) type = reader.text();
      else if (tag === 0x12) object = this.#extension(this.#decodeFor(type));
      else reader.skip(tag);
    }
    reader.close();
    if (type === 'ERROR') return { type, object };
    if (isChange(type) && isObject(object)) return { type, object };
    throw new AnswerMalformed(`a watch event of type "${type}" that holds no object with metadata`);
  }

  /** The type stands in front of the object. */
  #decodeFor(type: string): Decode {
    if (type === 'ERROR') return decodeStatus;
    return type === 'BOOKMARK' ? decodeBookmark : this.#decode;
  }

  /** A RawExtension holds the object as its only field. */
  #extension(decode: Decode): unknown {
    const reader = this.#reader;
    let object: unknown;
    const outer = reader.enter();
    while (reader.more) {
      const tag = reader.tag();
      if (tag === 0x0a) object = this.#raw(decode);
      else reader.skip(tag);
    }
    reader.leave(outer);
    return object;
  }

  #raw(decode: Decode): object {
    const outer = this.#reader.enter();
    const { apiVersion, kind, object } = readEnvelope(this.#reader, decode);
    this.#reader.leave(outer);
    // Set on what was just made: a copy of it costs more.
    object.apiVersion = apiVersion;
    object.kind = kind;
    return object;
  }
}

function isChange(type: string): type is Exclude<Frame['type'], 'ERROR'> {
  return type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED' || type === 'BOOKMARK';
}

/** Whether it is an object of Kubernetes: whatever the table says, it has metadata. */
export function isObject(read: unknown): read is KubeObject {
  return typeof read === 'object' && read !== null && Reflect.has(read, 'metadata');
}
