import { describe, expect, it } from 'vitest';
import type { Trace } from '../plan/trace.ts';
import { judgeEffects, judgeWrites, lossOf } from './judge.ts';

const effects = new Map([
  ['create configmaps a', { least: 1, most: 1 }],
  ['delete configmaps a', { least: 0, most: 1 }],
]);
const trace: Trace = { workload: 'w', points: [], frames: [], references: [], effects, unattendedFrom: 0, writes: 10 };

describe('judgeEffects', () => {
  it.each([
    { name: 'what clean runs did', found: { 'create configmaps a': 1 }, lost: 0, duplicated: 0 },
    { name: 'a second create', found: { 'create configmaps a': 2 }, lost: 0, duplicated: 1 },
    { name: 'no create', found: {}, lost: 1, duplicated: 0 },
    {
      name: 'a create of something else',
      found: { 'create configmaps a': 1, 'create pods b': 1 },
      lost: 0,
      duplicated: 1,
    },
  ])('counts $name', ({ found, lost, duplicated }) => {
    const findings = judgeEffects(trace, new Map(Object.entries(found)), 'exactly');
    expect(lossOf(findings)).toEqual({ lost, duplicated });
    expect(findings).toHaveLength(lost + duplicated);
  });

  it('does not ask for effects that were taken back while the operator was away', () => {
    expect(judgeEffects(trace, new Map(), 'at-most')).toEqual([]);
    expect(judgeEffects(trace, new Map([['create configmaps a', 2]]), 'at-most')).toHaveLength(1);
  });
});

describe('judgeWrites', () => {
  const lives = (...counts: readonly number[]) => counts.flatMap((count, life) => Array<number>(count).fill(life));

  it('allows a recovery in every life and no loop in any', () => {
    expect(judgeWrites(trace, lives())).toEqual([]);
    expect(judgeWrites(trace, lives(45, 45))).toEqual([]);
    expect(judgeWrites(trace, lives(1, 46))).toMatchObject([{ oracle: 'writes', actual: '46' }]);
  });
});
