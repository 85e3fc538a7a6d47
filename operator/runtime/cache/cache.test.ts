import { describe, expect, test } from 'vitest';
import { AnswerMalformed, AnswerTooLarge } from '../client/answer-errors.ts';
import type { KubeObject } from '../types.ts';
import { LineSplitter } from './lines.ts';
import { ListScanner } from './list-scanner.ts';
import { jsonReading } from './reading.ts';
import { Store } from './store.ts';
import { compareVersions } from './versions.ts';

/** Cuts bytes into chunks of a size. */
function* cut(text: string, size: number): Generator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const sizes = [1, 2, 3, 7, 64, 100_000];

describe('lines', () => {
  const wanted = ['{"a":"\u2028 stays"}', '{"b":"ü 🚀"}', 'c'];
  test.each(sizes)('are split at LF only, in chunks of %i bytes', (size) => {
    const splitter = new LineSplitter();
    const lines = [...cut(`${wanted.join('\n\n')}\nincomplete`, size)].flatMap((chunk) =>
      [...splitter.push(chunk)].map(String),
    );
    expect(lines).toEqual(wanted);
  });
});

describe('a list', () => {
  const items = [
    {
      metadata: { name: 'a' },
      text: 'quote " brace } bracket ] backslash \\ and 🚀',
      deep: { items: [{ x: [1, {}] }] },
    },
    { metadata: { name: 'b' }, items: [] },
    {},
  ];
  const around = { kind: 'PodList', apiVersion: 'v1', metadata: { resourceVersion: '42', continue: 'next[{"' } };
  const rows = [
    { name: 'items last', text: JSON.stringify({ ...around, items }), want: items },
    { name: 'items first', text: JSON.stringify({ items, ...around }), want: items },
    { name: 'pretty', text: JSON.stringify({ ...around, items }, undefined, 2), want: items },
    { name: 'empty', text: JSON.stringify({ ...around, items: [] }), want: [] },
    { name: 'null', text: JSON.stringify({ ...around, items: null }), want: [] },
  ];
  describe.each(rows)('$name', ({ text, want }) => {
    test.each(sizes)('is cut into its objects, in chunks of %i bytes', (size) => {
      const scanner = new ListScanner();
      const found = [...cut(text, size)]
        .flatMap((chunk) => [...scanner.push(chunk)])
        .map((one) => JSON.parse(String(one)));
      expect(found).toEqual(want);
      expect(JSON.parse(scanner.end()).metadata).toEqual(around.metadata);
    });
  });

  test('that breaks off is an error', () => {
    const page = jsonReading.page();
    const text = JSON.stringify({ ...around, items });
    expect([...page.push(Buffer.from(text.slice(0, -5)))]).toHaveLength(2);
    expect(() => page.end()).toThrow(AnswerMalformed);
  });
});

describe('an answer without end', () => {
  const megabyte = Buffer.alloc(1024 * 1024, 'a');
  const rows = [
    { name: 'in a line', answer: jsonReading.events(), start: '{"type":"' },
    { name: 'in an item', answer: jsonReading.page(), start: '{"items":[{"a":"' },
  ];
  test.each(rows)('is given up: $name', ({ answer, start }) => {
    const all = function* (): Generator<Uint8Array> {
      yield Buffer.from(start);
      for (;;) yield megabyte;
    };
    expect(() => {
      for (const chunk of all()) for (const _one of answer.push(chunk)) throw new TypeError('nothing is complete');
    }).toThrow(AnswerTooLarge);
  });
});

describe('versions', () => {
  const rows = [
    { a: '9', b: '10', want: 'older' },
    { a: '10', b: '10', want: 'same' },
    { a: '11', b: '10', want: 'newer' },
    { a: '18446744073709551617', b: '18446744073709551616', want: 'newer' },
    { a: 'x', b: '1', want: 'unknown' },
    { a: undefined, b: '1', want: 'unknown' },
  ];
  test.each(rows)('$a is $want against $b', ({ a, b, want }) => {
    const order = compareVersions(a, b);
    expect(order === undefined ? 'unknown' : order === 0 ? 'same' : order < 0 ? 'older' : 'newer').toBe(want);
  });
});

describe('the store', () => {
  const object = (name: string, version: string, color: string): KubeObject => ({
    metadata: { namespace: 'a', name, uid: name, resourceVersion: version, labels: { color } },
  });
  const make = (): Store => {
    const store = new Store('Namespaced');
    store.addIndex('color', ({ metadata }) => [metadata.labels?.color ?? '']);
    return store;
  };
  const names = (objects: readonly KubeObject[]): readonly string[] =>
    objects.map(({ metadata }) => metadata.name ?? '').sort();
  const red = { index: { name: 'color', value: 'red' } };

  test('finds by index, and moves an object between values', () => {
    const store = make();
    store.tell(object('x', '1', 'red'));
    store.tell(object('y', '2', 'red'));
    store.tell(object('x', '3', 'blue'));
    expect(names(store.list(red))).toEqual(['y']);
    expect(names(store.list({ namespace: 'a' }))).toEqual(['x', 'y']);
    store.forget('a/y');
    expect(store.list(red)).toEqual([]);
  });

  test('an index added late covers what is there', () => {
    const store = new Store('Cluster');
    store.tell(object('x', '1', 'red'));
    store.addIndex('color', ({ metadata }) => [metadata.labels?.color ?? '']);
    expect(names(store.list(red))).toEqual(['x']);
  });

  test('an index that was not declared is a mistake', () => {
    expect(() => make().list({ index: { name: 'size', value: '1' } })).toThrow('.index(kind');
  });

  test('own writes are read at once, by index too, until the watch is as far', () => {
    const store = make();
    store.tell(object('x', '5', 'blue'));
    store.overlay(object('x', '7', 'red'));
    expect(names(store.list(red))).toEqual(['x']);
    store.tell(object('x', '6', 'blue'));
    expect(store.get('a/x')?.metadata.resourceVersion).toBe('7');
    store.tell(object('x', '8', 'green'));
    expect(store.get('a/x')?.metadata.labels?.color).toBe('green');
    expect(store.overlaid).toBe(0);
  });

  test('an answer older than the watch does not raise the dead', () => {
    const store = make();
    store.tell(object('x', '5', 'red'));
    store.forget('a/x', object('x', '9', 'red'));
    store.overlay(object('x', '8', 'red'));
    expect(store.get('a/x')).toBeUndefined();
  });

  test('a created object is listed before the watch tells it, and gone when a later list lacks it', () => {
    const store = make();
    store.tell(object('x', '5', 'red'));
    store.overlay(object('new', '6', 'red'));
    expect(names(store.list())).toEqual(['new', 'x']);
    expect(names(store.retain(new Set(['a/x']), '9'))).toEqual(['new']);
    expect(names(store.list())).toEqual(['x']);
    expect(names(store.list(red))).toEqual(['x']);
  });

  test('an own write newer than the list stays until the watch tells it', () => {
    const store = make();
    store.tell(object('x', '5', 'red'));
    store.overlay(object('x', '12', 'blue'));
    expect(names(store.retain(new Set(), '9'))).toEqual(['x']);
    expect(store.get('a/x')?.metadata.labels?.color).toBe('blue');
    expect(store.list(red)).toEqual([]);
  });

  test('an answer older than the list that lacks the object does not raise the dead', () => {
    const store = make();
    store.tell(object('x', '5', 'red'));
    store.retain(new Set(), '9');
    store.overlay(object('x', '8', 'red'));
    expect(store.get('a/x')).toBeUndefined();
  });

  test('an index that throws leaves the object without a place in it, and the others in theirs', () => {
    const failed: string[] = [];
    const store = new Store('Namespaced', (index, key) => failed.push(`${index} ${key}`));
    store.addIndex('fragile', ({ metadata }) => {
      if (metadata.name === 'bad') throw new RangeError('no such value');
      return ['all'];
    });
    store.tell(object('bad', '5', 'red'));
    store.tell(object('good', '6', 'red'));
    store.tell(object('bad', '7', 'blue'));
    expect(names(store.list({ index: { name: 'fragile', value: 'all' } }))).toEqual(['good']);
    expect(names(store.list({ namespace: 'a' }))).toEqual(['bad', 'good']);
    expect(new Set(failed)).toEqual(new Set(['fragile a/bad']));
  });

  test('a deletion older than the own write leaves the write', () => {
    const store = make();
    store.tell(object('x', '5', 'red'));
    store.overlay(object('x', '8', 'blue'));
    store.forget('a/x', object('x', '7', 'red'));
    expect(store.get('a/x')?.metadata.labels?.color).toBe('blue');
  });
});
