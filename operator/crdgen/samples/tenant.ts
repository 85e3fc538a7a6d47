import { changed, repeated, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'Tenant',
  metadata: { name: 'sample-acme' },
  spec: {
    selector: { namespaces: ['acme-*'] },
    quotas: [{ pool: 'h100', limit: 16 }],
    billing: { providerRef: { name: 'stripe' }, book: 'standard', customerId: 'cus_acme' },
  },
};

/** What a Tenant takes and refuses. */
export const tenants: SampleTable = {
  kind: 'Tenant',
  valid: [
    { name: 'with quota and billing', object: base },
    { name: 'with namespaces only', object: changed(base, { 'spec.quotas': undefined, 'spec.billing': undefined }) },
    { name: 'without a customer, who is made', object: changed(base, { 'spec.billing.customerId': undefined }) },
    { name: 'a quota of nothing', object: changed(base, { 'spec.quotas.0.limit': 0 }) },
    {
      name: 'a guarantee, a part of what is borrowed, and a budget of GPU-hours',
      object: changed(base, {
        'spec.quotas.0': { pool: 'h100', guaranteed: 8, weight: 3, borrow: 'Cohort', lend: 4, maxPriority: 100 },
        'spec.gpuHours': { limit: 1000, period: 'Month' },
      }),
    },
    {
      name: 'on a plan whose list rates its usage',
      object: changed(base, { 'spec.planRef': { name: 'standard' }, 'spec.billing.book': undefined }),
    },
    { name: 'a namespace by its full name', object: changed(base, { 'spec.selector.namespaces': ['acme', 'acme-2'] }) },
  ],
  invalid: [
    {
      name: 'charged by no price list',
      object: changed(base, { 'spec.billing.book': undefined }),
      says: 'usage is charged by a price list; name one in billing.book, or a plan in planRef',
    },
    {
      name: 'no namespaces',
      object: changed(base, { 'spec.selector': {} }),
      says: 'spec.selector.namespaces: Required value',
    },
    {
      name: 'an empty list of namespaces',
      object: changed(base, { 'spec.selector.namespaces': [] }),
      says: 'spec.selector.namespaces in body should have at least 1 items',
    },
    {
      name: 'a star alone',
      object: changed(base, { 'spec.selector.namespaces': ['*'] }),
      says: "spec.selector.namespaces[0] in body should match '^[a-z0-9][-a-z0-9]*[*]?$'",
    },
    {
      name: 'a namespace twice',
      object: changed(base, { 'spec.selector.namespaces': ['acme', 'acme'] }),
      says: 'spec.selector.namespaces[1]: Duplicate value: "acme"',
    },
    {
      name: 'two quotas for one pool',
      object: changed(base, {
        'spec.quotas': [
          { pool: 'h100', limit: 1 },
          { pool: 'h100', limit: 2 },
        ],
      }),
      says: 'spec.quotas[1]: Duplicate value: {"pool":"h100"}',
    },
    {
      name: 'a negative limit',
      object: changed(base, { 'spec.quotas.0.limit': -1 }),
      says: 'spec.quotas[0].limit in body should be greater than or equal to 0',
    },
    {
      name: 'a guarantee above the limit',
      object: changed(base, { 'spec.quotas.0.guaranteed': 17 }),
      says: 'guaranteed must not be above limit; raise limit or leave it out',
    },
    {
      name: 'more lent than guaranteed',
      object: changed(base, { 'spec.quotas.0.lend': 1 }),
      says: 'lend is a part of guaranteed and must not be above it',
    },
    {
      name: 'a limit in words',
      object: changed(base, { 'spec.quotas.0.limit': 'many' }),
      says: 'spec.quotas[0].limit in body must be of type integer: "string"',
    },
    {
      name: 'a customer with a space',
      object: changed(base, { 'spec.billing.customerId': 'cus acme' }),
      says: "spec.billing.customerId in body should match '^[A-Za-z0-9_-]+$'",
    },
    {
      name: 'too many quotas',
      object: changed(base, { 'spec.quotas': repeated(65, (index) => ({ pool: `p${index}`, limit: 1 })) }),
      says: 'spec.quotas: Too many: 65: must have at most 64 items',
    },
  ],
  updates: [{ name: 'a higher limit', from: base, to: changed(base, { 'spec.quotas.0.limit': 32 }) }],
};
