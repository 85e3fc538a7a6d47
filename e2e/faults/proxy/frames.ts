/** Frames of watches in both forms in which an API server sends them: lines of JSON, and lengths with protobuf behind. */
import { expired } from './faults.ts';
import { field, fields, first } from './protobuf.ts';

/** What the proxy wants to know of a frame. */
export interface FrameHead {
  readonly type: string;
  readonly namespace: string;
  readonly name: string;
  /** Whether it ends the list with which the stream began. */
  readonly endsList: boolean;
}

/** One of the two forms. */
export interface FrameForm {
  /** How many of the bytes the first frame has, with what delimits it; 0 while it is not complete. */
  readonly length: (bytes: Buffer) => number;
  readonly read: (frame: Buffer) => FrameHead;
  /** The frame with which the API server ends a watch whose version is too old. */
  readonly expired: Buffer;
}

const ENDS_LIST = 'k8s.io/initial-events-end';
const HEADER_BYTES = 4;

interface JsonFrame {
  readonly type: string;
  readonly object: {
    readonly metadata?: {
      readonly name?: string;
      readonly namespace?: string;
      readonly annotations?: Readonly<Record<string, string>>;
    };
  };
}

const json: FrameForm = {
  length: (bytes) => bytes.indexOf('\n') + 1,
  read: (line) => {
    const { type, object }: JsonFrame = JSON.parse(line.toString());
    const { annotations, name = '', namespace = '' } = object.metadata ?? {};
    return { type, namespace, name, endsList: type === 'BOOKMARK' && annotations?.[ENDS_LIST] === 'true' };
  },
  expired: Buffer.from(
    `${JSON.stringify({ type: 'ERROR', object: { kind: 'Status', apiVersion: 'v1', ...expired } })}\n`,
  ),
};

/** Numbers: WatchEvent and ObjectMeta of meta/v1, Unknown of the package runtime; all in generated.proto. */
const protobuf: FrameForm = {
  length: (bytes) => {
    const size = bytes.length < HEADER_BYTES ? Number.POSITIVE_INFINITY : HEADER_BYTES + bytes.readUInt32BE();
    return bytes.length < size ? 0 : size;
  },
  read: (frame) => {
    const event = fields(frame.subarray(HEADER_BYTES));
    const enveloped = first(fields(first(event, 2)), 1);
    const meta = fields(first(fields(first(fields(enveloped.subarray(HEADER_BYTES)), 2)), 1));
    const type = String(first(event, 1));
    const annotations = (meta.get(12) ?? []).map((entry) => String(first(fields(entry), 1)));
    const endsList = type === 'BOOKMARK' && annotations.includes(ENDS_LIST);
    return { type, namespace: String(first(meta, 3)), name: String(first(meta, 1)), endsList };
  },
  expired: framed(
    Buffer.concat([
      field(1, 'ERROR'),
      field(
        2,
        field(
          1,
          enveloped('Status', [
            field(2, expired.status),
            field(3, expired.message),
            field(4, expired.reason),
            field(6, expired.code),
          ]),
        ),
      ),
    ]),
  ),
};

function enveloped(kind: string, object: readonly Buffer[]): Buffer {
  const type = Buffer.concat([field(1, 'v1'), field(2, kind)]);
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, Buffer.concat(object))]);
}

function framed(event: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(event.length);
  return Buffer.concat([header, event]);
}

/** The form of an answer by its Content-Type. */
export function formOf(contentType: string | readonly string[] | undefined): FrameForm {
  return String(contentType).startsWith('application/vnd.kubernetes.protobuf') ? protobuf : json;
}
