import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { GPUPool, Tenant } from '../../api/index.ts';
import { entitlementsOf } from './guarantees.ts';

const apiVersion = 'gpuoptimizer.io/v1alpha1';

function pool(tenancy?: GPUPool['spec']['tenancy']): GPUPool {
  const nodes = { selector: { matchLabels: { a: 'b' } } };
  return { apiVersion, kind: 'GPUPool', metadata: { name: 'main' }, spec: { nodes, tenancy } };
}

type Quota = Omit<NonNullable<Tenant['spec']['quotas']>[number], 'pool'>;

function tenant(name: string, quota?: Quota): Tenant {
  const quotas = quota === undefined ? undefined : [{ pool: 'main', ...quota }];
  return { apiVersion, kind: 'Tenant', metadata: { name }, spec: { selector: { namespaces: [name] }, quotas } };
}

interface Row {
  readonly name: string;
  readonly tenancy?: GPUPool['spec']['tenancy'];
  readonly quota?: Quota;
  readonly expected: object;
}

const rows: readonly Row[] = [
  {
    name: 'a tenant of which nothing is said: nothing guaranteed, no limit, borrows at weight 1',
    expected: { guaranteedMilli: 0, limitMilli: Number.POSITIVE_INFINITY, weight: 1, borrows: true, lendMilli: 0 },
  },
  { name: 'a limit alone, as before', quota: { limit: 4 }, expected: { guaranteedMilli: 0, limitMilli: 4000 } },
  {
    name: 'the pool says what a tenant has by default',
    tenancy: { default: { guaranteed: 2, weight: 3 }, borrowing: 'None' },
    expected: { guaranteedMilli: 2000, weight: 3, borrows: false, lendMilli: 2000 },
  },
  {
    name: 'its own quota goes before',
    tenancy: { default: { guaranteed: 2, weight: 3 } },
    quota: { guaranteed: 5, weight: 1, borrow: 'None', lend: 1, maxPriority: 7 },
    expected: { guaranteedMilli: 5000, weight: 1, borrows: false, lendMilli: 1000, maxPriority: 7 },
  },
  {
    name: 'a default above its limit counts up to the limit',
    tenancy: { default: { guaranteed: 8 } },
    quota: { limit: 4 },
    expected: { guaranteedMilli: 4000, lendMilli: 4000 },
  },
];

describe('what a tenant may use of a pool', () => {
  it.each(rows)('$name', ({ tenancy, quota, expected }) => {
    expect(entitlementsOf(pool(tenancy), [tenant('a', quota)], 16_000).tenants).toMatchObject([expected]);
  });

  it('shrinks every guarantee in proportion while they exceed the capacity', () => {
    const tenants = [tenant('a', { guaranteed: 12 }), tenant('b', { guaranteed: 6, lend: 2 }), tenant('c')];
    const { feasible, tenants: found } = entitlementsOf(pool(), tenants, 9000);
    expect(feasible).toBe(false);
    expect(found.map((one) => [one.guaranteedMilli, one.lendMilli])).toEqual([
      [6000, 6000],
      [3000, 1000],
      [0, 0],
    ]);
  });

  it('never guarantees more than there is, whatever is written', () => {
    const guarantees = fc.array(fc.nat(100), { maxLength: 8 });
    fc.assert(
      fc.property(guarantees, fc.nat(200_000), (each, capacity) => {
        const tenants = each.map((guaranteed, at) => tenant(`t${at}`, { guaranteed }));
        const { tenants: found, feasible } = entitlementsOf(pool(), tenants, capacity);
        const sum = found.reduce((total, { guaranteedMilli }) => total + guaranteedMilli, 0);
        expect(sum).toBeLessThanOrEqual(capacity);
        if (feasible)
          expect(found.map(({ guaranteedMilli }) => guaranteedMilli)).toEqual(each.map((one) => one * 1000));
      }),
      { numRuns: 200, seed: 1 },
    );
  });
});
