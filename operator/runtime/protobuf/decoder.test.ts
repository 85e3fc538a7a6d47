import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnswerMalformed } from '../client/answer-errors.ts';
import { decoderOf } from './decoder.ts';
import { entry, field, message, varint } from './encode.fixture.ts';
import type { ProtobufField, ProtobufMessage, ProtobufType } from './message.ts';
import { Reader } from './reader.ts';

function decode(table: ProtobufMessage, bytes: Uint8Array): unknown {
  const reader = new Reader();
  reader.open(Buffer.from(bytes));
  return decoderOf(table)(reader);
}

/** Reads one field `x`, number 1. */
const read = (type: ProtobufType, bytes: Uint8Array, rest: Partial<ProtobufField> = {}): unknown =>
  Reflect.get(Object(decode({ 1: { name: 'x', type, ...rest } }, bytes)), 'x');

const told = { zero: 'told' } as const;
const stamp = (seconds: number | bigint, nanos = 0): Buffer => field(1, message(field(1, seconds), field(2, nanos)));

describe('values', () => {
  const rows: readonly {
    name: string;
    type: ProtobufType;
    bytes: Uint8Array;
    want: unknown;
    rest?: Partial<ProtobufField>;
  }[] = [
    { name: 'text', type: 'string', bytes: field(1, 'node-7'), want: 'node-7' },
    { name: 'any Unicode', type: 'string', bytes: field(1, 'ü 🚀 \u2028 \ufeff'), want: 'ü 🚀 \u2028 \ufeff' },
    { name: 'long text', type: 'string', bytes: field(1, 'n'.repeat(500)), want: 'n'.repeat(500) },
    { name: 'no text', type: 'string', bytes: field(1, ''), want: undefined },
    { name: 'no text that is told', type: 'string', bytes: field(1, ''), want: '', rest: told },
    { name: 'a number below zero', type: 'int', bytes: field(1, -1), want: -1 },
    { name: 'the largest number', type: 'int', bytes: field(1, 2n ** 63n - 1n), want: 2 ** 63 },
    { name: 'zero', type: 'int', bytes: field(1, 0), want: undefined },
    { name: 'zero that is told', type: 'int', bytes: field(1, 0), want: 0, rest: told },
    { name: 'true', type: 'bool', bytes: field(1, true), want: true },
    { name: 'false', type: 'bool', bytes: field(1, false), want: undefined },
    { name: 'false that is told', type: 'bool', bytes: field(1, false), want: false, rest: told },
    { name: 'bytes', type: 'bytes', bytes: field(1, Buffer.from([0, 255])), want: 'AP8=' },
    { name: 'a time', type: 'time', bytes: stamp(1_790_000_000, 5), want: '2026-09-21T14:13:20Z' },
    { name: 'the first second', type: 'time', bytes: stamp(0), want: '1970-01-01T00:00:00Z' },
    { name: 'a time before', type: 'time', bytes: stamp(-1), want: '1969-12-31T23:59:59Z' },
    { name: 'no time', type: 'time', bytes: field(1, ''), want: undefined },
    { name: 'no time that is told', type: 'time', bytes: field(1, ''), want: null, rest: told },
    { name: 'year one, which is no time', type: 'time', bytes: stamp(-62_135_596_800n), want: null, rest: told },
    { name: 'microseconds', type: 'microTime', bytes: stamp(0, 1_500), want: '1970-01-01T00:00:00.000001Z' },
    { name: 'a quantity', type: 'quantity', bytes: field(1, field(1, '1500m')), want: '1500m' },
    { name: 'a number of either', type: 'intOrString', bytes: field(1, message(field(2, 3))), want: 3 },
    {
      name: 'a string of either',
      type: 'intOrString',
      bytes: field(1, message(field(1, 1), field(2, 0), field(3, '50%'))),
      want: '50%',
    },
    { name: 'an empty object', type: {}, bytes: field(1, ''), want: {} },
    {
      name: 'a list',
      type: 'string',
      bytes: message(field(1, 'a'), field(1, '')),
      want: ['a', ''],
      rest: { of: 'list' },
    },
    { name: 'no list', type: 'string', bytes: message(), want: undefined, rest: { of: 'list' } },
    { name: 'no list that is told', type: 'string', bytes: message(), want: null, rest: { of: 'list', ...told } },
    {
      name: 'a map',
      type: 'string',
      bytes: message(entry(1, 'a', 'b'), entry(1, '', ''), field(1, '')),
      want: { a: 'b', '': '' },
      rest: { of: 'map' },
    },
    {
      name: 'a map of quantities',
      type: 'quantity',
      bytes: message(entry(1, 'nvidia.com/gpu', field(1, '8')), field(1, field(1, 'cpu'))),
      want: { 'nvidia.com/gpu': '8', cpu: '0' },
      rest: { of: 'map' },
    },
  ];
  test.each(rows)('$name', ({ type, bytes, want, rest }) => {
    expect(read(type, bytes, rest)).toEqual(want);
  });

  test('a key that would set the prototype is a key', () => {
    const made = read('string', entry(1, '__proto__', 'x'), { of: 'map' });
    expect(JSON.stringify(made)).toBe('{"__proto__":"x"}');
  });
});

test('what no table names is skipped, whatever its wire type', () => {
  const fixed = Buffer.concat([varint((6 << 3) | 1), Buffer.alloc(8), varint((7 << 3) | 5), Buffer.alloc(4)]);
  const bytes = message(field(5, 'heavy'), fixed, field(8, -1), field(1, 'kept'), field(9, field(1, 'deep')));
  expect(read('string', bytes)).toBe('kept');
});

describe('bytes that are wrong', () => {
  const rows = [
    { name: 'a length beyond the end', bytes: Buffer.from([0x0a, 5, 0x61]) },
    { name: 'a skipped length beyond the end', bytes: Buffer.from([0x12, 5, 0x61]) },
    { name: 'a number that does not end', bytes: Buffer.from([0x10, 0x80]) },
    { name: 'a number of eleven bytes', bytes: Buffer.from([0x10, ...Array<number>(10).fill(0xff), 1]) },
    { name: 'a length beyond 2^31', bytes: Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]) },
    { name: 'another wire type', bytes: field(1, 7) },
    { name: 'a group', bytes: Buffer.from([0x13]) },
    { name: 'a fixed number that was cut', bytes: Buffer.from([0x11, 1, 2]) },
  ];
  test.each(rows)('$name', ({ bytes }) => {
    expect(() => read('string', bytes)).toThrow(AnswerMalformed);
  });

  test('a time outside the years 1 to 9999', () => {
    expect(() => read('time', stamp(253_402_300_800))).toThrow(AnswerMalformed);
  });

  const table: ProtobufMessage = {
    1: { name: 'a', type: 'string' },
    2: { name: 'b', type: { 1: { name: 'c', type: 'time', of: 'list' } }, of: 'list' },
    3: { name: 'd', type: 'quantity', of: 'map' },
    4: { name: 'e', type: 'int' },
    5: { name: 'f', type: 'intOrString' },
  };
  test('of any kind throw nothing else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decode(table, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(AnswerMalformed);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('any', () => {
  test('64-bit number is read as JSON.parse reads it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
        expect(read('int', field(1, value), told)).toBe(JSON.parse(String(value)));
      }),
    );
  });

  test('string is read, whatever came before it', () => {
    const texts = fc.array(fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('a', 'b', 'node-1', 'node-2')));
    fc.assert(
      fc.property(texts, (values) => {
        const want = values.map((value) => Buffer.from(value).toString());
        const bytes = message(...values.map((value) => field(1, value)));
        expect(read('string', bytes, { of: 'list' }) ?? []).toEqual(want);
      }),
    );
  });

  test('time is read as its text', () => {
    const times = fc.date({ min: new Date('0001-01-02T00:00:00Z'), max: new Date('9999-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(times, (date) => {
        const seconds = Math.floor(date.getTime() / 1000);
        const want = new Date(seconds * 1000).toISOString().replace('.000', '');
        expect(read('time', stamp(seconds))).toBe(want);
      }),
    );
  });
});
