import { describe, expect, it } from 'vitest';
import { judgeOffline, validateOffline } from '../index.ts';
import { sampleTables } from './index.ts';

const LEAST_INVALID_ROWS = 5;

describe.each(sampleTables)('$kind without a cluster', ({ valid, invalid, updates }) => {
  it.each(valid)('takes $name', ({ object }) => {
    expect(validateOffline(object)).toEqual([]);
  });

  it.each(invalid)('refuses $name in the words of the API server', ({ object, says }) => {
    expect(validateOffline(object).map(({ message }) => message)).toEqual([expect.stringContaining(says)]);
  });

  it('leaves nothing to the cluster but what compares with the object before', () => {
    const unjudged = [...valid, ...invalid].flatMap(({ object }) => judgeOffline(object).unjudged);
    expect(unjudged.filter(({ why }) => why !== 'it compares with the object before')).toEqual([]);
  });

  it.each(updates)('takes both sides of $name, since only the cluster knows what was there', ({ from, to }) => {
    expect([...validateOffline(from), ...validateOffline(to)]).toEqual([]);
  });

  it(`has at least ${LEAST_INVALID_ROWS} invalid rows, each with its own name`, () => {
    expect(invalid.length).toBeGreaterThanOrEqual(LEAST_INVALID_ROWS);
    expect(new Set([...valid, ...invalid].map((row) => row.name)).size).toBe(valid.length + invalid.length);
  });
});

it('says which kinds it knows when it does not know one', () => {
  const findings = validateOffline({ apiVersion: 'apps/v1', kind: 'Deployment' });
  expect(findings).toEqual([
    {
      path: 'kind',
      rule: 'kind',
      message: expect.stringContaining('apps/v1/Deployment is not a kind of this project'),
    },
  ]);
  expect(findings[0]?.message).toContain('gpuoptimizer.io/v1alpha1/GPUPool');
});
