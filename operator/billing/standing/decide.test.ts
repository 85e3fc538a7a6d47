import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import type { Budget, TenantStanding } from '../../api/index.ts';
import { type Demand, decide, staleMillis } from './decide.ts';
import { budgetDemand, dunningDemand } from './demands.ts';

const NOW = Date.parse('2027-01-10T12:00:00Z');
const day = 86_400_000;

function demand(step: Demand['step'], change: Partial<Demand> = {}): Demand {
  return { cause: 'Budget', step, since: NOW - day, observedAt: NOW, evicts: false, message: 'because', ...change };
}

function stood(step: TenantStanding['step'], cause: TenantStanding['cause'] = 'Budget'): TenantStanding {
  return { step, cause, sinceTime: '2027-01-09T12:00:00Z' };
}

const stale = { observedAt: NOW - staleMillis - 1 };

describe('the standing of a tenant', () => {
  it.each<[string, readonly Demand[], number | undefined, TenantStanding | undefined, string | undefined]>([
    ['nobody demands anything', [], undefined, undefined, undefined],
    ['nobody does any more: it comes back by itself', [], undefined, stood('Evicting'), undefined],
    ['one demand', [demand('Warning')], undefined, undefined, 'Warning'],
    [
      'the highest of several, whoever it is from',
      [demand('Warning'), demand('Frozen', { cause: 'Dunning' })],
      undefined,
      undefined,
      'Frozen',
    ],
    ['a freeze that does not evict', [demand('Frozen')], 0, undefined, 'Frozen'],
    ['a freeze that evicts later', [demand('Frozen', { evicts: true })], 2 * day, undefined, 'Frozen'],
    ['a freeze that has lasted', [demand('Frozen', { evicts: true })], day, undefined, 'Evicting'],
    ['a freeze under a plan that never evicts', [demand('Frozen', { evicts: true })], undefined, undefined, 'Frozen'],
    [
      'of two freezes the one that evicts',
      [demand('Frozen'), demand('Frozen', { evicts: true })],
      0,
      undefined,
      'Evicting',
    ],
    ['a warning never evicts', [demand('Warning', { evicts: true })], 0, undefined, 'Warning'],
    ['one that has ended', [demand('Frozen', { endAt: NOW })], undefined, stood('Frozen'), undefined],
    ['a stale one raises nobody', [demand('Frozen', stale)], undefined, undefined, undefined],
    ['a stale one does not raise from a warning', [demand('Frozen', stale)], undefined, stood('Warning'), 'Warning'],
    ['a stale one holds what stands', [demand('Frozen', stale)], undefined, stood('Frozen'), 'Frozen'],
    [
      'a stale one holds nothing of another cause',
      [demand('Frozen', stale)],
      undefined,
      stood('Frozen', 'Dunning'),
      undefined,
    ],
    ['a stale one ends an eviction', [demand('Frozen', { ...stale, evicts: true })], 0, stood('Evicting'), 'Frozen'],
    ['a stale one that fell falls', [demand('Warning', stale)], undefined, stood('Frozen'), 'Warning'],
  ])('%s', (_, demands, evictAfter, before, expected) => {
    expect(decide(demands, evictAfter, before, NOW)?.step).toBe(expected);
  });

  const anyDemand = fc.record({
    cause: fc.constantFrom('Budget', 'Dunning'),
    step: fc.constantFrom('Warning', 'Delinquent', 'Frozen'),
    since: fc.integer({ min: NOW - 30 * day, max: NOW }),
    observedAt: fc.integer({ min: NOW - 2 * staleMillis, max: NOW }),
    evicts: fc.boolean(),
    message: fc.constant('because'),
  }) satisfies fc.Arbitrary<Demand>;

  it('does not depend on the order of the demands, and what is stale alone never raises it', () => {
    const steps = [undefined, 'Warning', 'Delinquent', 'Frozen', 'Evicting'];
    const befores = fc.constantFrom(undefined, stood('Warning'), stood('Delinquent', 'Dunning'), stood('Frozen'));
    fc.assert(
      fc.property(
        fc.array(anyDemand, { maxLength: 5 }),
        befores,
        fc.integer({ min: 0, max: day }),
        (demands, before, evictAfter) => {
          const one = decide(demands, evictAfter, before, NOW);
          const other = decide(demands.toReversed(), evictAfter, before, NOW);
          expect([other?.step, other?.since]).toEqual([one?.step, one?.since]);
          const old = demands.map((each) => ({ ...each, observedAt: NOW - staleMillis - 1 }));
          const held = decide(old, evictAfter, before, NOW);
          expect(steps.indexOf(held?.step)).toBeLessThanOrEqual(steps.indexOf(before?.step));
        },
      ),
    );
  });
});

describe('the ladder of an unpaid invoice', () => {
  const ladder = [
    { step: 'Frozen', afterSeconds: 14 * 86_400 },
    { step: 'Warning', afterSeconds: 0 },
    { step: 'Delinquent', afterSeconds: 7 * 86_400 },
  ] as const;
  it.each([
    [0, 'Warning', 0],
    [7 * day - 1, 'Warning', 0],
    [7 * day, 'Delinquent', 7 * day],
    [14 * day - 1, 'Delinquent', 7 * day],
    [20 * day, 'Frozen', 14 * day],
  ])('after %i ms it is %s', (age, step, since) => {
    const unpaid = { tenant: 'acme', provider: 'stripe', invoice: 'in_1', since: NOW - age, readAt: NOW };
    expect(dunningDemand(ladder, unpaid, NOW)).toMatchObject({ step, since: NOW - age + since, cause: 'Dunning' });
  });

  it('has no step yet where the first comes later', () => {
    const unpaid = { tenant: 'acme', provider: 'stripe', invoice: 'in_1', since: NOW, readAt: NOW };
    expect(dunningDemand([{ step: 'Warning', afterSeconds: 1 }], unpaid, NOW)).toBeUndefined();
  });
});

describe('what a budget demands', () => {
  const budget = (action: 'Warn' | 'Freeze' | 'Evict' | undefined): Budget => ({
    apiVersion: 'gpuoptimizer.io/v1alpha1',
    kind: 'Budget',
    metadata: { name: 'b' },
    spec: {
      tenantRef: { name: 'acme' },
      amount: '10.00',
      currency: 'usd',
      period: 'Day',
      steps: [
        { action: 'Warn', percent: 80 },
        { action: 'Freeze', percent: 100 },
      ],
    },
    status: {
      observedTime: '2027-01-10T11:59:00Z',
      periodEndTime: '2027-01-11T00:00:00Z',
      ...(action !== undefined && { step: { action, sinceTime: '2027-01-10T11:00:00Z' } }),
    },
  });

  it.each([
    ['nothing below its first step', undefined, undefined],
    [
      'a warning',
      'Warn',
      { step: 'Warning', message: '80 percent of the 10.00 usd that Budget b allows each day are spent' },
    ],
    [
      'a freeze until the period ends',
      'Freeze',
      { step: 'Frozen', endAt: Date.parse('2027-01-11T00:00:00Z'), evicts: false },
    ],
    ['nothing by a step that was taken out of its spec', 'Evict', undefined],
  ] as const)('%s', (_, action, expected) => {
    const found = budgetDemand(budget(action));
    if (expected === undefined) return expect(found).toBeUndefined();
    expect(found).toMatchObject(expected);
  });
});
