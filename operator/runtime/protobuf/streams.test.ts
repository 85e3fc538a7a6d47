import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EventReading, Frame, PageReading } from '../cache/reading.ts';
import { AnswerMalformed, AnswerTooLarge } from '../client/answer-errors.ts';
import { cut, entry, envelope, field, frame, message } from './encode.fixture.ts';
import { FrameSplitter } from './frames.ts';
import type { ProtobufMessage } from './message.ts';
import { protobufReading } from './reading.ts';
import { statusJson } from './status.ts';

const table: ProtobufMessage = {
  1: {
    name: 'metadata',
    type: {
      1: { name: 'name', type: 'string' },
      6: { name: 'resourceVersion', type: 'string' },
    },
  },
  2: { name: 'data', type: 'string' },
};
const reading = protobufReading(table);
const note = (name: string, data = ''): Buffer =>
  message(field(1, field(1, name)), field(2, data), field(99, 'skipped'));

/** Sizes of chunks; an empty chunk is one too. */
const anySizes = fc.array(fc.nat({ max: 40 }), { minLength: 1, maxLength: 20 }).filter((sizes) => sizes.some(Boolean));

describe('frames', () => {
  test('come out whole, wherever the stream was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 70 })), anySizes, (contents, sizes) => {
        const framed = contents.map((content) => {
          const header = Buffer.alloc(4);
          header.writeUInt32BE(content.length);
          return Buffer.concat([header, content]);
        });
        const splitter = new FrameSplitter();
        const found = [...cut(Buffer.concat(framed), sizes)].flatMap((chunk) =>
          [...splitter.push(chunk)].map((bytes) => Uint8Array.from(bytes)),
        );
        expect(found).toEqual(contents);
      }),
    );
  });

  test('too large are refused by their length, before they come', () => {
    const splitter = new FrameSplitter();
    expect(() => [...splitter.push(Buffer.from([0x01, 0x00, 0x00, 0x01]))]).toThrow(AnswerTooLarge);
  });
});

function heard(bytes: Uint8Array, sizes = [bytes.length], answer: EventReading = reading.events()): Frame[] {
  return [...cut(bytes, sizes)].flatMap((chunk) => [...answer.push(chunk)]);
}

describe('a watch', () => {
  const bookmark = message(
    field(1, message(field(6, '9'), entry(12, 'k8s.io/initial-events-end', 'true'))),
    field(2, ''),
  );
  const stream = Buffer.concat([
    frame('ADDED', 'Note', note('a', 'ü')),
    frame('BOOKMARK', 'Note', bookmark),
    frame('DELETED', 'Note', note('a')),
    frame('ERROR', 'Status', message(field(3, 'too old'), field(4, 'Expired'), field(6, 410))),
  ]);
  const own = { apiVersion: 'v1', kind: 'Note' };
  const want = [
    { type: 'ADDED', object: { ...own, metadata: { name: 'a' }, data: 'ü' } },
    {
      type: 'BOOKMARK',
      object: { ...own, metadata: { resourceVersion: '9', annotations: { 'k8s.io/initial-events-end': 'true' } } },
    },
    { type: 'DELETED', object: { ...own, metadata: { name: 'a' } } },
    {
      type: 'ERROR',
      object: { apiVersion: 'v1', kind: 'Status', message: 'too old', reason: 'Expired', code: 410 },
    },
  ];

  test('tells its events, wherever it was cut', () => {
    fc.assert(
      fc.property(anySizes, (sizes) => {
        expect(heard(stream, sizes)).toEqual(want);
      }),
    );
  });

  const rows = [
    { name: 'a frame that is no event', bytes: Buffer.from([0, 0, 0, 2, 0x0a, 9]) },
    { name: 'an empty frame', bytes: Buffer.alloc(4) },
    { name: 'an unknown type', bytes: frame('SYNC', 'Note', note('a')) },
    { name: 'an object without metadata', bytes: frame('ADDED', 'Note', field(2, 'x')) },
    { name: 'JSON', bytes: Buffer.from('{"type":"ADDED","object":{}}\n') },
    { name: 'an object without the four bytes', bytes: withoutMagic(frame('ADDED', 'Note', note('a'))) },
  ];
  test.each(rows)('$name is an error of one of two classes', ({ bytes }) => {
    const kinds = [AnswerMalformed, AnswerTooLarge];
    const found = ((): unknown => {
      try {
        return heard(bytes);
      } catch (error) {
        return error;
      }
    })();
    expect(kinds.some((kind) => found instanceof kind)).toBe(true);
  });

  test('that breaks off tells what was complete', () => {
    expect(heard(stream.subarray(0, -3))).toEqual(want.slice(0, -1));
  });
});

function withoutMagic(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.write('json', copy.indexOf('k8s\0'));
  return copy;
}

describe('a page', () => {
  const meta = field(1, message(field(2, '42'), field(3, 'next'), field(4, 7)));
  const items = [note('a', 'ü'), note('b'), note('c', 'x'.repeat(300))];
  const bytes = envelope('NoteList', message(meta, ...items.map((item) => field(2, item))));
  const want = [{ metadata: { name: 'a' }, data: 'ü' }, { metadata: { name: 'b' } }, expect.anything()];
  const read = (page: PageReading, whole: Uint8Array, sizes: readonly number[]): unknown[] =>
    [...cut(whole, sizes)].flatMap((chunk) => [...page.push(chunk)]);

  test('tells its items and its token, wherever it was cut', () => {
    fc.assert(
      fc.property(anySizes, (sizes) => {
        const page = reading.page();
        expect(read(page, bytes, sizes)).toEqual(want);
        expect(page.end()).toEqual({ resourceVersion: '42', continue: 'next' });
      }),
    );
  });

  test('may be empty', () => {
    const page = reading.page();
    expect(read(page, envelope('NoteList', meta), [1])).toEqual([]);
    expect(page.end()).toEqual({ resourceVersion: '42', continue: 'next' });
    const bare = reading.page();
    expect(read(bare, envelope('NoteList', Buffer.alloc(0)), [100])).toEqual([]);
    expect(bare.end()).toEqual({});
  });

  test('that breaks off anywhere inside the list is an error at the end', () => {
    const listEnd = bytes.length - field(3, '').length - field(4, '').length;
    for (let length = 0; length < listEnd; length += 1) {
      const page = reading.page();
      read(page, bytes.subarray(0, length), [64]);
      expect(() => page.end()).toThrow(AnswerMalformed);
    }
  });

  const rows = [
    { name: 'JSON', bytes: Buffer.from('{"items":[]}'), error: AnswerMalformed },
    { name: 'an item longer than its list', bytes: longItem(bytes), error: AnswerMalformed },
    { name: 'an item without metadata', bytes: envelope('L', field(2, field(2, 'x'))), error: AnswerMalformed },
    { name: 'a field without a length', bytes: envelope('L', field(1, 7)), error: AnswerMalformed },
    { name: 'an item too large', bytes: hugeItem(), error: AnswerTooLarge },
  ];
  test.each(rows)('of $name is refused', ({ bytes: wrong, error }) => {
    expect(() => read(reading.page(), wrong, [wrong.length])).toThrow(error);
  });
});

/** The list says that it is one byte shorter than it is. */
function longItem(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(0x12, 20);
  copy.writeUInt8(copy.readUInt8(at + 1) - 1, at + 1);
  return copy;
}

/** The length of an item of 17 MiB, of which nothing has come yet. */
function hugeItem(): Buffer {
  const list = Buffer.from([0x12, 0x80, 0x80, 0xc0, 0x08]);
  const around = Buffer.from([0x12, 0x85, 0x80, 0xc0, 0x08]);
  return Buffer.concat([Buffer.from('k8s\0'), around, list]);
}

test('a refusal in protobuf says what it says in JSON', () => {
  const cause = message(field(1, 'FieldValueInvalid'), field(2, 'no'), field(3, 'spec.x'));
  const details = message(field(1, 'n'), field(4, cause), field(5, 3));
  const bytes = envelope('Status', message(field(2, 'Failure'), field(3, 'm'), field(5, details), field(6, 422)));
  expect(JSON.parse(statusJson(bytes))).toEqual({
    status: 'Failure',
    message: 'm',
    details: {
      name: 'n',
      causes: [{ reason: 'FieldValueInvalid', message: 'no', field: 'spec.x' }],
      retryAfterSeconds: 3,
    },
    code: 422,
  });
});
