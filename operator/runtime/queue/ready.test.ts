import { describe, expect, test } from 'vitest';
import { Ready } from './ready.ts';

const drain = (ready: Ready): readonly string[] => {
  const taken: string[] = [];
  for (let key = ready.shift(); key !== undefined; key = ready.shift()) taken.push(key);
  return taken;
};

describe('keys that are ready', () => {
  test('come first in, first out within a priority, each once', () => {
    const ready = new Ready();
    for (const key of ['b', 'a', 'b', 'c']) ready.push(key, 0);
    ready.push('high', 5);
    expect(ready.depth()).toEqual(
      new Map([
        [0, 3],
        [5, 1],
      ]),
    );
    expect(drain(ready)).toEqual(['high', 'b', 'a', 'c']);
    expect(ready.depth()).toEqual(
      new Map([
        [0, 0],
        [5, 0],
      ]),
    );
  });

  test('one that was removed and added again stands at the end', () => {
    const ready = new Ready();
    for (const key of ['a', 'b', 'c']) ready.push(key, 0);
    ready.remove('a', 0);
    ready.push('a', 0);
    ready.remove('b', 0);
    expect(drain(ready)).toEqual(['c', 'a']);
  });

  test('many keep their order while others come and go', () => {
    const ready = new Ready();
    const taken: string[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      ready.push(`k${index}`, 0);
      if (index % 3 === 0) taken.push(ready.shift() ?? '');
      if (index % 5 === 0) ready.remove(`k${index}`, 0);
    }
    const all = [...taken, ...drain(ready)];
    expect(all).toEqual([...all].sort((a, b) => Number(a.slice(1)) - Number(b.slice(1))));
    expect(new Set(all).size).toBe(all.length);
  });
});
