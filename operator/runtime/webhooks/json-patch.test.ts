import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonPatch, type PatchStep } from './json-patch.ts';

interface Row {
  readonly name: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly steps: readonly PatchStep[];
}

const rows: readonly Row[] = [
  { name: 'nothing', before: { a: [1, { b: null }] }, after: { a: [1, { b: null }] }, steps: [] },
  { name: 'a new field', before: {}, after: { a: 1 }, steps: [{ op: 'add', path: '/a', value: 1 }] },
  { name: 'a field that goes', before: { a: 1 }, after: {}, steps: [{ op: 'remove', path: '/a' }] },
  {
    name: 'a field that becomes undefined',
    before: { a: 1 },
    after: { a: undefined },
    steps: [{ op: 'remove', path: '/a' }],
  },
  {
    name: 'a field that becomes null',
    before: { a: 1 },
    after: { a: null },
    steps: [{ op: 'replace', path: '/a', value: null }],
  },
  {
    name: 'a field deep inside',
    before: { a: { b: { c: 1, d: 2 } } },
    after: { a: { b: { c: 3, d: 2 } } },
    steps: [{ op: 'replace', path: '/a/b/c', value: 3 }],
  },
  {
    name: 'a list that becomes a map',
    before: { a: [] },
    after: { a: {} },
    steps: [{ op: 'replace', path: '/a', value: {} }],
  },
  { name: 'another root', before: 1, after: 'x', steps: [{ op: 'replace', path: '', value: 'x' }] },
  {
    name: 'keys with slash and tilde',
    before: { 'a/b~c': 1 },
    after: { 'a/b~c': 2 },
    steps: [{ op: 'replace', path: '/a~1b~0c', value: 2 }],
  },
  {
    name: 'a key that objects have from birth',
    before: {},
    after: JSON.parse('{"__proto__": 1, "constructor": 2}'),
    steps: [
      { op: 'add', path: '/__proto__', value: 1 },
      { op: 'add', path: '/constructor', value: 2 },
    ],
  },
  { name: 'an item at the end', before: [1], after: [1, 2], steps: [{ op: 'add', path: '/1', value: 2 }] },
  { name: 'an item at the beginning', before: [1, 2], after: [0, 1, 2], steps: [{ op: 'add', path: '/0', value: 0 }] },
  {
    name: 'items that go from the middle',
    before: [1, 2, 3, 4],
    after: [1, 4],
    steps: [
      { op: 'remove', path: '/2' },
      { op: 'remove', path: '/1' },
    ],
  },
  {
    name: 'a field of an item',
    before: [{ name: 'a', size: 1 }, { name: 'b' }],
    after: [{ name: 'a', size: 2 }, { name: 'b' }],
    steps: [{ op: 'replace', path: '/0/size', value: 2 }],
  },
];

describe('a JSON patch', () => {
  it.each(rows)('says $name', ({ after, before, steps }) => {
    expect(jsonPatch(before, after)).toEqual(steps);
    expect(applied(before, steps)).toEqual(JSON.parse(JSON.stringify(after)));
  });

  it('turns any JSON value into any other, and changes neither', () => {
    const value = fc.json({ maxDepth: 4 }).map((text): unknown => JSON.parse(text));
    const pair = fc.oneof(
      fc.tuple(value, value),
      value.map((one): [unknown, unknown] => [one, nudged(one)]),
    );
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const texts = [JSON.stringify(before), JSON.stringify(after)];
        expect(applied(before, jsonPatch(before, after))).toEqual(JSON.parse(JSON.stringify(after)));
        expect([JSON.stringify(before), JSON.stringify(after)]).toEqual(texts);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** A neighbour of a value: lists lose an item in the middle, maps gain a field. */
function nudged(value: unknown): unknown {
  if (Array.isArray(value)) return value.toSpliced(Math.floor(value.length / 2), 1).map(nudged);
  if (typeof value !== 'object' || value === null) return value;
  return { ...Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nudged(inner)])), more: 1 };
}

/** What RFC 6902 says the steps do, with its errors: the judge of the differ. */
function applied(before: unknown, steps: readonly PatchStep[]): unknown {
  const box = { root: JSON.parse(JSON.stringify(before)) };
  for (const step of steps) {
    const tokens = step.path
      .split('/')
      .slice(1)
      .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = tokens.pop();
    const parent = tokens.reduce((at, token) => Reflect.get(at, token), last === undefined ? box : box.root);
    const key = last ?? 'root';
    if (Array.isArray(parent)) {
      const at = Number(key);
      if (at > parent.length - (step.op === 'add' ? 0 : 1))
        throw new RangeError(`${step.op} ${step.path} of ${parent.length}`);
      if (step.op === 'remove') parent.splice(at, 1);
      else parent.splice(at, step.op === 'add' ? 0 : 1, step.value);
      continue;
    }
    if (step.op !== 'add' && !Object.hasOwn(parent, key)) throw new RangeError(`${step.op} ${step.path} of nothing`);
    if (step.op === 'remove') delete parent[key];
    else
      Object.defineProperty(parent, key, { value: step.value, enumerable: true, configurable: true, writable: true });
  }
  return box.root;
}
