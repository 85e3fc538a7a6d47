import { expect, test } from 'vitest';

import { type BillingPlan, kinds, type Tenant } from '../api/index.ts';
import type { Client, KubeObject } from '../runtime/index.ts';
import { planEntitlement } from './entitlement.ts';

const apiVersion = 'gpuoptimizer.io/v1alpha1';
type Entitlements = BillingPlan['spec']['entitlements'];

/** A cluster with the plan `bare` and the tenant `acme`, as far as they are there. */
interface World {
  plan?: { readonly entitlements?: Entitlements };
  tenant?: Partial<Tenant['spec']>;
}

function clusterOf(world: World): Pick<Client, 'get'> & { readonly reads: () => number } {
  let reads = 0;
  const find = (kind: string): KubeObject | undefined => {
    if (kind === kinds.Tenant.kind && world.tenant !== undefined) {
      const spec = { selector: { namespaces: ['acme'] }, ...world.tenant };
      return { apiVersion, kind, metadata: { name: 'acme' }, ...{ spec } };
    }
    if (kind === kinds.BillingPlan.kind && world.plan !== undefined) {
      return { apiVersion, kind, metadata: { name: 'bare' }, ...{ spec: { book: 'standard', ...world.plan } } };
    }
    return undefined;
  };
  return {
    reads: () => reads,
    get: async <T extends KubeObject>({ kind }: { readonly kind: string }) => {
      reads += 1;
      return find(kind) as T | undefined;
    },
  };
}

const onPlan = { planRef: { name: 'bare' } };

test.each<readonly [string, World, boolean]>([
  ['a plan that says nothing', { tenant: onPlan, plan: {} }, true],
  ['a plan with it', { tenant: onPlan, plan: { entitlements: ['Portal'] } }, true],
  ['a plan with nothing', { tenant: onPlan, plan: { entitlements: [] } }, false],
  ['no plan', { tenant: {}, plan: { entitlements: [] } }, true],
  ['a plan that does not exist', { tenant: onPlan }, true],
  ['a tenant that is gone', { plan: { entitlements: [] } }, true],
])('%s', async (_, world, allowed) => {
  const asked = planEntitlement(clusterOf(world), { now: () => 0, monotonic: () => 0, sleep: async () => undefined });
  const answer = asked.require('acme');
  if (allowed) await expect(answer).resolves.toBeUndefined();
  else await expect(answer).rejects.toMatchObject({ code: 'NotEntitled', message: expect.stringContaining('bare') });
});

test('a change of the plan holds within half a minute, and is not asked for at each request', async () => {
  let elapsed = 0;
  const world: World = { tenant: onPlan, plan: { entitlements: [] } };
  const cluster = clusterOf(world);
  const asked = planEntitlement(cluster, { now: () => 0, monotonic: () => elapsed, sleep: async () => undefined });
  await expect(asked.require('acme')).rejects.toThrow('does not include the portal');
  world.plan = { entitlements: ['Portal'] };
  await expect(asked.require('acme')).rejects.toThrow();
  expect(cluster.reads()).toBe(2);
  elapsed = 30_000;
  await expect(asked.require('acme')).resolves.toBeUndefined();
});
