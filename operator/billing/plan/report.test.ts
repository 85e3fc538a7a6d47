import { expect, test } from 'vitest';

import type { BillingPlanSpec } from '../../api/index.ts';
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
  expect(conditions({ book: 'standard', ...spec }, isPriced)).toMatchObject([{ type: 'Ready', reason }]);
});

test('the condition names both amounts', () => {
  const [condition] = conditions({ book: 'standard', commitment: { minimum: '1000', maximum: '999.99' } }, true);
  expect(condition?.message).toContain('minimum 1000 is above spec.commitment.maximum 999.99');
});
