import { describe, expect, test } from 'vitest';
import { type FrameForm, formOf } from './frames.ts';
import { field } from './protobuf.ts';

const json = formOf('application/json;stream=watch');
const protobuf = formOf('application/vnd.kubernetes.protobuf;stream=watch');

const entry = (key: string, value: string): Buffer => field(12, Buffer.concat([field(1, key), field(2, value)]));

/** A frame of protobuf around metadata. */
function framed(type: string, ...meta: readonly Buffer[]): Buffer {
  const object = Buffer.concat([field(1, Buffer.concat(meta)), field(2, 'spec')]);
  const enveloped = Buffer.concat([Buffer.from('k8s\0'), field(1, field(2, 'Pod')), field(2, object)]);
  const event = Buffer.concat([field(1, type), field(2, field(1, enveloped))]);
  const header = Buffer.alloc(4);
  header.writeUInt32BE(event.length);
  return Buffer.concat([header, event]);
}

const line = (type: string, metadata: object): Buffer =>
  Buffer.from(`${JSON.stringify({ type, object: { metadata } })}\n`);
const ends = { 'k8s.io/initial-events-end': 'true' };

const rows: readonly { name: string; form: FrameForm; change: Buffer; bookmark: Buffer }[] = [
  {
    name: 'JSON',
    form: json,
    change: line('ADDED', { name: 'ü', namespace: 'a' }),
    bookmark: line('BOOKMARK', { annotations: ends }),
  },
  {
    name: 'protobuf',
    form: protobuf,
    change: framed('ADDED', field(1, 'ü'), field(3, 'a'), field(7, 300), entry('x', 'n'.repeat(300))),
    bookmark: framed('BOOKMARK', entry('other', ''), entry('k8s.io/initial-events-end', 'true')),
  },
];

describe.each(rows)('a frame in $name', ({ form, change, bookmark }) => {
  test('is complete with its last byte', () => {
    for (let size = 0; size < change.length; size += 1) expect(form.length(change.subarray(0, size))).toBe(0);
    expect(form.length(Buffer.concat([change, bookmark]))).toBe(change.length);
  });

  test('says what it is about', () => {
    expect(form.read(change)).toEqual({ type: 'ADDED', namespace: 'a', name: 'ü', endsList: false });
    expect(form.read(bookmark)).toEqual({ type: 'BOOKMARK', namespace: '', name: '', endsList: true });
  });

  test('may say that the version is too old', () => {
    expect(form.length(form.expired)).toBe(form.expired.length);
    expect(form.read(form.expired)).toMatchObject({ type: 'ERROR' });
    expect(form.expired.includes('Expired')).toBe(true);
  });
});
