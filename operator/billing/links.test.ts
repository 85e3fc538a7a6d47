import { expect, test } from 'vitest';

import { kinds } from '../api/index.ts';
import { runPass, type Thing, thing } from '../runtime/testing/index.ts';
import { storeForFile } from '../store/testing/index.ts';
import { billingLinksController } from './links.ts';
import { seedPayer } from './testing/ledger.ts';

const store = storeForFile();
const at = (time: string): Date => new Date(`2026-01-01T${time}:00Z`);

const unbilled: Thing = thing(kinds.Tenant, {
  ...{ apiVersion: 'gpuoptimizer.io/v1alpha1', kind: 'Tenant', metadata: { name: 'acme', uid: 'acme' } },
  spec: { selector: { namespaces: ['acme'] } },
});

/** An interval of acme's until then, or one that is open, with windows sealed until eleven. */
async function held(until: string | undefined): Promise<void> {
  const device = { device_key: 'd', node: 'n', model: 'NVIDIA-L4', profile: 'full', meter: 'm', units: 1 };
  await store()
    .db.insertInto('alloc_interval')
    .values({
      ...{ uid: 'u', tenant: 'acme', namespace: 'acme', pod: 'p', estimated: false, ...device },
      ...{ opened_at: at('09:30'), closed_at: until === undefined ? null : at(until) },
    })
    .execute();
  await store()
    .db.insertInto('sealed_grid')
    .values({ window_start: at('10:00'), window_end: at('11:00') })
    .execute();
}

test.each<[string, string | undefined, readonly Thing[], readonly string[]]>([
  ['is deleted and still holds GPUs', undefined, [], ['acme']],
  ['is deleted and held GPUs in a window that is not sealed', '11:20', [], ['acme']],
  ['is deleted, and all he held is sealed', '11:00', [], []],
  ['is there and no longer charged, though he holds GPUs', undefined, [unbilled], []],
])('who pays for a tenant that %s', async (_, until, world, linked) => {
  await seedPayer(store());
  await held(until);
  const output = await runPass(billingLinksController(store()), { world, now: at('11:30') });
  expect(output.result).toMatchObject({ result: 'success' });
  const links = await store().db.selectFrom('customer_link').select('tenant').execute();
  expect(links.map(({ tenant }) => tenant)).toEqual(linked);
});

test.each<[string, 'NextPeriod' | undefined, 'InvoiceItems' | 'NotSent' | undefined, string | null]>([
  ['on the next invoice', 'NextPeriod', 'InvoiceItems', 'NextPeriod'],
  ['sent, as the plan does not say otherwise', undefined, 'InvoiceItems', null],
  ['sent, as the provider takes no items', 'NextPeriod', 'NotSent', null],
  ['sent, as the provider sells nothing of ours', 'NextPeriod', undefined, null],
])('late usage is %s', async (_, corrections, fees, kept) => {
  const apiVersion = 'gpuoptimizer.io/v1alpha1';
  const catalog = fees && { mode: 'Test' as const, fees };
  const billing = { providerRef: { name: 'stripe' }, customerId: 'cus_acme' };
  const world = [
    thing(kinds.Tenant, {
      ...{ apiVersion, kind: 'Tenant', metadata: { name: 'acme', uid: 'acme' } },
      spec: { selector: { namespaces: ['acme'] }, planRef: { name: 'gold' }, billing },
    }),
    thing(kinds.BillingPlan, {
      ...{ apiVersion, kind: 'BillingPlan', metadata: { name: 'gold', uid: 'gold' } },
      spec: { book: 'standard', corrections },
    }),
    thing(kinds.BillingProvider, {
      ...{ apiVersion, kind: 'BillingProvider', metadata: { name: 'stripe', uid: 'stripe' } },
      spec: { type: 'Stripe', mode: 'Test', catalog },
    }),
  ];
  await runPass(billingLinksController(store()), { world, now: at('11:30') });
  const links = await store().db.selectFrom('customer_link').select(['tenant', 'corrections']).execute();
  expect(links).toEqual([{ tenant: 'acme', corrections: kept }]);
});
