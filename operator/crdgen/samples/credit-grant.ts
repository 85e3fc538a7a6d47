import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'CreditGrant',
  metadata: { name: 'sample-acme-welcome' },
  spec: {
    tenantRef: { name: 'acme' },
    amount: '500.00',
    currency: 'usd',
    priority: 10,
    expiresTime: '2027-01-01T00:00:00Z',
  },
};
const immutable = 'spec is immutable: the journal has it; create a further CreditGrant instead';

/** What a CreditGrant takes and refuses. */
export const creditGrants: SampleTable = {
  kind: 'CreditGrant',
  valid: [
    { name: 'with an end', object: base },
    { name: 'without an end', object: changed(base, { 'spec.expiresTime': undefined }) },
    { name: 'without a priority', object: changed(base, { 'spec.priority': undefined }) },
  ],
  invalid: [
    {
      name: 'a negative amount',
      object: changed(base, { 'spec.amount': '-1' }),
      says: 'spec.amount in body should match',
    },
    {
      name: 'an amount as a number',
      object: changed(base, { 'spec.amount': 500 }),
      says: 'spec.amount in body must be of type string: "integer"',
    },
    {
      name: 'a priority beyond 100',
      object: changed(base, { 'spec.priority': 101 }),
      says: 'spec.priority in body should be less than or equal to 100',
    },
    {
      name: 'no currency',
      object: changed(base, { 'spec.currency': undefined }),
      says: 'spec.currency: Required value',
    },
    {
      name: 'nobody to have it',
      object: changed(base, { 'spec.tenantRef': undefined }),
      says: 'spec.tenantRef: Required value',
    },
  ],
  updates: [
    { name: 'the same again', from: base, to: base },
    { name: 'more', from: base, to: changed(base, { 'spec.amount': '600.00' }), says: immutable },
  ],
};
