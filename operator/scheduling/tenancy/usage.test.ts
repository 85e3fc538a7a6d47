import { describe, expect, it } from 'vitest';
import type { GPUPool, Tenant } from '../../api/index.ts';
import { testNode, testPod } from '../planner/planner.fixture.ts';
import { sampleShares } from './usage.ts';

const DAY = 86_400_000;
const START = Date.parse('2027-01-10T00:00:00Z');
const apiVersion = 'gpuoptimizer.io/v1alpha1';

const pool = (halfLifeSeconds?: number): GPUPool => ({
  apiVersion,
  kind: 'GPUPool',
  metadata: { name: 'main' },
  spec: { nodes: { selector: { matchLabels: { a: 'b' } } }, tenancy: { halfLifeSeconds } },
});

type Shares = NonNullable<NonNullable<Tenant['status']>['shares']>;

function tenant(shares: Shares = []): Tenant {
  const spec = { selector: { namespaces: ['a'] } };
  return { apiVersion, kind: 'Tenant', metadata: { name: 'a' }, spec, status: { shares } };
}

function at(millis: number, shares: Shares, gpus: number, halfLifeSeconds?: number) {
  const pod = testPod('p', gpus, { cpuMilli: 1000 * gpus, memoryMiB: 0 });
  const { usage, shares: next } = sampleShares({
    pools: [pool(halfLifeSeconds)],
    tenants: [tenant(shares)],
    nodes: [testNode('n', { pool: 'main' })],
    held: gpus === 0 ? [] : [{ ...pod, node: 'n', tenant: 'a' }],
    now: START + millis,
  });
  return { average: usage[0]?.average.gpuMilli ?? 0, shares: next.get('a') ?? [] };
}

const sample = (gpuMilli: number, observedTime = '2027-01-10T00:00:00Z'): Shares[number] => ({
  ...{ pool: 'main', gpuMilli, cpuMilli: 0, memoryMiB: 0 },
  observedTime,
});

describe('the average use of a tenant', () => {
  it.each([
    { name: 'halves in one half life of holding nothing', shares: [sample(8000)], after: DAY, gpus: 0, average: 4000 },
    { name: 'goes half of the way to what is held', shares: [sample(0)], after: DAY, gpus: 8, average: 4000 },
    { name: 'stays where it is what is held', shares: [sample(8000)], after: DAY, gpus: 8, average: 8000 },
    {
      name: 'is the use itself without a half life',
      shares: [sample(8000)],
      after: 1,
      gpus: 2,
      half: 0,
      average: 2000,
    },
    { name: 'does not run backwards with the clock', shares: [sample(8000)], after: -DAY, gpus: 0, average: 8000 },
    { name: 'begins at nothing', shares: [], after: 0, gpus: 0, average: 0 },
  ])('$name', ({ shares, after, gpus, half, average }) => {
    expect(at(after, shares, gpus, half).average).toBeCloseTo(average, 6);
  });

  it('is written every five minutes, and until then the status stays as it is', () => {
    const before = [sample(8000)];
    expect(at(299_000, before, 8).shares).toEqual(before);
    expect(at(300_000, before, 8).shares).toEqual([
      { pool: 'main', gpuMilli: 8000, cpuMilli: 19, memoryMiB: 0, observedTime: '2027-01-10T00:05:00Z' },
    ]);
  });

  it('comes to the same by many samples as by one, so that a restart loses nothing', () => {
    let shares: Shares = [sample(8000)];
    for (let step = 1; step <= 288; step++) shares = at(step * 300_000, shares, 0).shares;
    expect(shares[0]?.gpuMilli).toBeGreaterThan(3950);
    expect(shares[0]?.gpuMilli).toBeLessThan(4050);
  });

  it('is dropped from the status once nothing is left of it', () => {
    expect(at(40 * DAY, [sample(8000)], 0).shares).toEqual([]);
  });
});
