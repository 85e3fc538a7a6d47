/** The four bytes and the message `runtime.Unknown` in which every object of Kubernetes travels (apimachinery, pkg/runtime/generated.proto). */
import { AnswerMalformed } from '../client/answer-errors.ts';
import type { Decode } from './decoder.ts';
import type { Reader } from './reader.ts';

/** What every object begins with. */
export const magic = Buffer.from('k8s\0');

/** An object, and what kind it says it is. */
export interface Enveloped {
  readonly apiVersion: string;
  readonly kind: string;
  readonly object: Record<string, unknown>;
}

/** Reads an object with the function for its kind. Throws AnswerMalformed. */
export function readEnvelope(reader: Reader, decode: Decode): Enveloped {
  if (!reader.takes(magic)) throw new AnswerMalformed('an object does not begin with the four bytes of protobuf');
  let type = { apiVersion: '', kind: '' };
  let object: Enveloped['object'] = {};
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) type = readType(reader);
    else if (tag === 0x12) {
      const outer = reader.enter();
      object = decode(reader);
      reader.leave(outer);
    } else reader.skip(tag);
  }
  return { ...type, object };
}

function readType(reader: Reader): { apiVersion: string; kind: string } {
  const type = { apiVersion: '', kind: '' };
  const outer = reader.enter();
  while (reader.more) {
    const tag = reader.tag();
    if (tag === 0x0a) type.apiVersion = reader.text();
    else if (tag === 0x12) type.kind = reader.text();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return type;
}
