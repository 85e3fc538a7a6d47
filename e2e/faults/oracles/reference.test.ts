import { describe, expect, it } from 'vitest';
import { leavesOf } from './leaves.ts';
import { compare, learn } from './reference.ts';

const state = (objects: Readonly<Record<string, object>>, token = 'zz0001') =>
  new Map(Object.entries(objects).map(([name, object]) => [name, leavesOf(object, token)]));
const pod = (node: string, ip: string) => ({ metadata: { name: 'p', uid: ip }, spec: { node }, status: { ip } });

describe('leavesOf', () => {
  const rows = [
    { name: 'names of the plan', object: { note: 'zz0001-a of zz0001' }, leaves: { '.note': '"PLAN-a of PLAN"' } },
    { name: 'times', object: { at: '2026-11-23T08:00:00Z' }, leaves: { '.at': 'a time' } },
    { name: 'bookkeeping', object: { metadata: { uid: 'x', name: 'n' } }, leaves: { '.metadata.name': '"n"' } },
    {
      name: 'conditions by type',
      object: { conditions: [{ type: 'Ready', status: 'True' }] },
      leaves: { '.conditions[Ready].type': '"Ready"', '.conditions[Ready].status': '"True"' },
    },
    { name: 'marks of the checker', object: { annotations: { 'faults.test/touched': '1' } }, leaves: {} },
  ];
  it.each(rows)('compares $name', ({ object, leaves }) => {
    expect(Object.fromEntries(leavesOf(object, 'zz0001'))).toEqual(leaves);
  });
});

describe('compare', () => {
  const reference = learn([state({ 'pods p': pod('a', '1') }), state({ 'pods p': pod('a', '2') })]);

  it('does not mind what clean runs do not agree on', () => {
    expect(compare(reference, state({ 'pods p': pod('a', '3') }))).toEqual([]);
  });

  const rows: readonly { name: string; found: Record<string, object>; kind: string; object: string }[] = [
    { name: 'another value', found: { 'pods p': pod('b', '1') }, kind: 'changed', object: 'pods p .spec.node' },
    { name: 'a missing object', found: {}, kind: 'missing', object: 'pods p' },
    {
      name: 'a surplus object',
      found: { 'pods p': pod('a', '1'), 'pods q': {} },
      kind: 'surplus',
      object: 'pods q',
    },
  ];
  it.each(rows)('finds $name', ({ found, kind, object }) => {
    expect(compare(reference, state(found))).toMatchObject([{ kind, object }]);
    expect(compare(reference, state(found), () => false)).toEqual([]);
  });

  it('does not mind what depends on others in the cluster', () => {
    const mayBeB = (leaf: string, _was: string, is: string): boolean => leaf === 'pods p .spec.node' && is === '"b"';
    const varying = learn([state({ 'pods p': pod('a', '1') })], mayBeB);
    expect(compare(varying, state({ 'pods p': pod('b', '1') }))).toEqual([]);
    expect(compare(varying, state({ 'pods p': pod('c', '1') }))).toHaveLength(1);
  });

  it('cannot judge when clean runs leave different objects', () => {
    expect(() => learn([state({ 'pods p': {} }), state({ 'pods q': {} })])).toThrow('pods p, pods q');
  });
});
