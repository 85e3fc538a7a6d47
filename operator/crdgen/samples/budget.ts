import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'Budget',
  metadata: { name: 'sample-acme-monthly' },
  spec: {
    tenantRef: { name: 'acme' },
    amount: '20000.00',
    currency: 'usd',
    period: 'Month',
    steps: [
      { action: 'Warn', percent: 80 },
      { action: 'Freeze', percent: 100 },
      { action: 'Evict', percent: 120 },
    ],
  },
};

/** What a Budget takes and refuses. */
export const budgets: SampleTable = {
  kind: 'Budget',
  valid: [
    { name: 'three steps', object: base },
    { name: 'nothing may be spent', object: changed(base, { 'spec.amount': '0' }) },
    { name: 'a day', object: changed(base, { 'spec.period': 'Day' }) },
  ],
  invalid: [
    { name: 'nobody', object: changed(base, { 'spec.tenantRef': undefined }), says: 'spec.tenantRef: Required value' },
    {
      name: 'a negative amount',
      object: changed(base, { 'spec.amount': '-1' }),
      says: 'spec.amount in body should match',
    },
    {
      name: 'no steps',
      object: changed(base, { 'spec.steps': [] }),
      says: 'spec.steps in body should have at least 1 items',
    },
    {
      name: 'a step at nothing',
      object: changed(base, { 'spec.steps.0.percent': 0 }),
      says: 'spec.steps[0].percent in body should be greater than or equal to 1',
    },
    {
      name: 'a period that there is not',
      object: changed(base, { 'spec.period': 'Year' }),
      says: 'spec.period: Unsupported value: "Year"',
    },
  ],
  updates: [],
};
