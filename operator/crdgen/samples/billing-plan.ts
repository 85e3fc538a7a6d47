import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'BillingPlan',
  metadata: { name: 'sample-standard' },
  spec: {
    book: 'standard',
    dunning: [
      { step: 'Warning', afterSeconds: 0 },
      { step: 'Frozen', afterSeconds: 1_209_600 },
    ],
    evictAfterSeconds: 259_200,
  },
};

/** What a BillingPlan takes and refuses. */
export const billingPlans: SampleTable = {
  kind: 'BillingPlan',
  valid: [
    { name: 'a ladder that ends in eviction', object: base },
    {
      name: 'a quantity that costs nothing',
      object: changed(base, { 'spec.included': [{ sku: 'h100', quantitySeconds: '36000' }] }),
    },
    {
      name: 'a fee and a commitment',
      object: changed(base, {
        'spec.recurringFee': '99.50',
        'spec.commitment': { minimum: '500', maximum: '10000.00' },
      }),
    },
    {
      name: 'a commitment to one amount',
      object: changed(base, { 'spec.commitment': { minimum: '500.0', maximum: '500' } }),
    },
    { name: 'a plan with the portal', object: changed(base, { 'spec.entitlements': ['Portal'] }) },
    { name: 'a plan with nothing beside GPUs', object: changed(base, { 'spec.entitlements': [] }) },
    { name: 'late usage on the next invoice', object: changed(base, { 'spec.corrections': 'NextPeriod' }) },
    { name: 'late usage credited where it gives back', object: changed(base, { 'spec.corrections': 'CreditNote' }) },
    { name: 'a minimum alone', object: changed(base, { 'spec.commitment': { minimum: '500' } }) },
    { name: 'a ladder that ends in a freeze', object: changed(base, { 'spec.evictAfterSeconds': undefined }) },
    {
      name: 'prices alone',
      object: changed(base, { 'spec.dunning': undefined, 'spec.evictAfterSeconds': undefined }),
    },
  ],
  invalid: [
    {
      name: 'an entitlement that nothing obeys',
      object: changed(base, { 'spec.entitlements': ['Reports'] }),
      says: 'spec.entitlements[0]: Unsupported value: "Reports": supported values: "Portal"',
    },
    {
      name: 'an entitlement twice',
      object: changed(base, { 'spec.entitlements': ['Portal', 'Portal'] }),
      says: 'spec.entitlements[1]: Duplicate value: "Portal"',
    },
    {
      name: 'a way of correcting that there is not',
      object: changed(base, { 'spec.corrections': 'Refund' }),
      says: 'spec.corrections: Unsupported value: "Refund": supported values: "NextPeriod", "CreditNote"',
    },
    { name: 'no price list', object: changed(base, { 'spec.book': undefined }), says: 'spec.book: Required value' },
    {
      name: 'a step twice',
      object: changed(base, { 'spec.dunning.1.step': 'Warning' }),
      says: 'spec.dunning[1]: Duplicate value',
    },
    {
      name: 'a step that there is not',
      object: changed(base, { 'spec.dunning.1.step': 'Closed' }),
      says: 'spec.dunning[1].step: Unsupported value: "Closed"',
    },
    {
      name: 'less than nothing included',
      object: changed(base, { 'spec.included': [{ sku: 'h100', quantitySeconds: '-1' }] }),
      says: 'spec.included[0].quantitySeconds in body should match',
    },
    {
      name: 'a fee that is paid to the tenant',
      object: changed(base, { 'spec.recurringFee': '-1' }),
      says: 'spec.recurringFee in body should match',
    },
    {
      name: 'a commitment to nothing',
      object: changed(base, { 'spec.commitment': {} }),
      says: 'commitment bounds nothing',
    },
    {
      name: 'a ladder without steps',
      object: changed(base, { 'spec.dunning': [] }),
      says: 'spec.dunning in body should have at least 1 items',
    },
    {
      name: 'a negative time',
      object: changed(base, { 'spec.dunning.0.afterSeconds': -1 }),
      says: 'spec.dunning[0].afterSeconds in body should be greater than or equal to 0',
    },
  ],
  updates: [],
};
