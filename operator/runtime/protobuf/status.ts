/** meta/v1 Status: what the API server answers instead of an object, in the form that was asked for. */
import { decoderOf } from './decoder.ts';
import { readEnvelope } from './envelope.ts';
import type { ProtobufMessage } from './message.ts';
import { Reader } from './reader.ts';

/** Field numbers: apimachinery, pkg/apis/meta/v1/generated.proto. */
const statusMessage: ProtobufMessage = {
  2: { name: 'status', type: 'string' },
  3: { name: 'message', type: 'string' },
  4: { name: 'reason', type: 'string' },
  5: {
    name: 'details',
    type: {
      1: { name: 'name', type: 'string' },
      2: { name: 'group', type: 'string' },
      3: { name: 'kind', type: 'string' },
      4: {
        name: 'causes',
        of: 'list',
        type: {
          1: { name: 'reason', type: 'string' },
          2: { name: 'message', type: 'string' },
          3: { name: 'field', type: 'string' },
        },
      },
      5: { name: 'retryAfterSeconds', type: 'int' },
      6: { name: 'uid', type: 'string' },
    },
  },
  6: { name: 'code', type: 'int' },
};

/** Reads a Status without its envelope. */
export const decodeStatus = decoderOf(statusMessage);

/** A refusal in protobuf as the JSON that it would have been. Throws AnswerMalformed. */
export function statusJson(bytes: Buffer): string {
  const reader = new Reader();
  reader.open(bytes);
  return JSON.stringify(readEnvelope(reader, decodeStatus).object);
}
