import { describe, expect, it } from 'vitest';
import { complaintOf } from './index.ts';
import { patterns } from './table.ts';

describe('a pattern', () => {
  it.each(patterns.filter(({ says }) => says === undefined))('$pattern is read alike', ({ pattern }) => {
    expect(complaintOf(pattern)).toBeUndefined();
  });

  it.each(patterns.filter(({ says }) => says !== undefined))('$pattern: $says', ({ pattern, says }) => {
    expect(complaintOf(pattern)).toContain(says);
  });
});
