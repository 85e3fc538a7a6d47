import { expect, test } from 'vitest';

import { type BillingPlanSpec, type BillingProvider, kinds } from '../../api/index.ts';
import { runPass, thing } from '../../runtime/testing/index.ts';
import { billingPlanController } from './controller.ts';
import { conditions } from './report.ts';

test.each<[string, Omit<BillingPlanSpec, 'book'>, boolean, string]>([
  ['no list', { commitment: { minimum: '2', maximum: '1' } }, false, 'BookMissing'],
  ['no commitment', {}, true, 'PlanInForce'],
  ['a minimum alone', { commitment: { minimum: '500' } }, true, 'PlanInForce'],
  ['a minimum that is the maximum', { commitment: { minimum: '500', maximum: '500.00' } }, true, 'PlanInForce'],
  ['numbers, not texts', { commitment: { minimum: '9', maximum: '10' } }, true, 'PlanInForce'],
  [
    'more digits than a float holds',
    { commitment: { minimum: '100000000000000000.000000000001', maximum: '100000000000000000' } },
    true,
    'CommitmentContradicts',
  ],
])('%s', (_, spec, isPriced, reason) => {
  expect(conditions({ book: 'standard', ...spec }, { isPriced, without: [] })).toMatchObject([
    { type: 'Ready', reason },
  ]);
});

test('the condition names both amounts', () => {
  const [condition] = conditions(
    { book: 'standard', commitment: { minimum: '1000', maximum: '999.99' } },
    { isPriced: true, without: [] },
  );
  expect(condition?.message).toContain('minimum 1000 is above spec.commitment.maximum 999.99');
});

test.each<[string, BillingPlanSpec['corrections'], NonNullable<BillingProvider['spec']['catalog']>['fees'], string[]]>([
  ['does not say', undefined, 'InvoiceItems', []],
  ['says NextPeriod, and the provider takes items', 'NextPeriod', 'InvoiceItems', ['ItemsSent']],
  ['says CreditNote, and the provider takes none', 'CreditNote', undefined, ['ItemsNotSent']],
])('whether late usage is billed, where the plan %s', async (_, corrections, fees, reasons) => {
  const apiVersion = 'gpuoptimizer.io/v1alpha1';
  const world = [
    thing(kinds.BillingPlan, {
      ...{ apiVersion, kind: 'BillingPlan', metadata: { name: 'gold', uid: 'gold' } },
      spec: { book: 'standard', corrections },
    }),
    thing(kinds.Tenant, {
      ...{ apiVersion, kind: 'Tenant', metadata: { name: 'acme', uid: 'acme' } },
      spec: {
        selector: { namespaces: ['acme'] },
        ...{ planRef: { name: 'gold' }, billing: { providerRef: { name: 'stripe' } } },
      },
    }),
    thing(kinds.BillingProvider, {
      ...{ apiVersion, kind: 'BillingProvider', metadata: { name: 'stripe', uid: 'stripe' } },
      spec: { type: 'Stripe', mode: 'Test', catalog: { mode: 'Test', fees } },
    }),
  ];
  const output = await runPass(billingPlanController(), { world, key: { name: 'gold' }, now: new Date(0) });
  const found = output.get(kinds.BillingPlan, { name: 'gold' })?.status?.conditions ?? [];
  expect(found.filter(({ type }) => type === 'CorrectionsBilled').map(({ reason }) => reason)).toEqual(reasons);
});
