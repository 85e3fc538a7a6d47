import { expect, it } from 'vitest';
import { combinations } from './combinations.ts';

it.each([
  ['no list', [], [[]]],
  ['an empty list', [['a'], []], []],
  ['lists', [['a', 'b'], ['c'], ['d', 'e']], ['acd', 'ace', 'bcd', 'bce']],
  [
    'more than the bound',
    [
      ['a', 'b'],
      ['c', 'd'],
      ['e', 'f'],
    ],
    undefined,
  ],
  ['far more than could be made', Array.from({ length: 32 }, () => [...'abcdefgh']), undefined],
] as const)('%s', (_, lists, expected) => {
  const found = combinations<string>(lists, 4);
  expect(found).toEqual(expected?.map((one) => [...one]));
});
