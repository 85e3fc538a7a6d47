import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'UsageCorrection',
  metadata: { name: 'sample-acme-node-down' },
  spec: {
    tenantRef: { name: 'acme' },
    sku: 'h100',
    windowStartTime: '2026-01-01T09:00:00Z',
    quantitySeconds: '-600',
    reason: 'the node was down',
  },
};
const approved = changed(base, { 'spec.approvedBy': 'cfo@gpu.example' });
const immutable =
  'spec is immutable but for approvedBy: an approval is of what was read; create a new UsageCorrection instead';

/** What a UsageCorrection takes and refuses. */
export const usageCorrections: SampleTable = {
  kind: 'UsageCorrection',
  valid: [
    { name: 'less', object: base },
    { name: 'more', object: changed(base, { 'spec.quantitySeconds': '600' }) },
    { name: 'approved', object: approved },
    { name: 'held, sent', object: changed(base, { 'spec.quantitySeconds': '0', 'spec.held': 'Send' }) },
    { name: 'held, recorded', object: changed(base, { 'spec.held': 'Recorded' }) },
  ],
  invalid: [
    { name: 'no reason', object: changed(base, { 'spec.reason': undefined }), says: 'spec.reason: Required value' },
    {
      name: 'an empty reason',
      object: changed(base, { 'spec.reason': '' }),
      says: 'spec.reason in body should be at least 1 chars long',
    },
    {
      name: 'nothing is corrected',
      object: changed(base, { 'spec.quantitySeconds': '0' }),
      says: 'quantitySeconds 0 corrects nothing',
    },
    {
      name: 'sent, and a quantity',
      object: changed(base, { 'spec.held': 'Send' }),
      says: 'held Send says that this ledger is right',
    },
    {
      name: 'half a second',
      object: changed(base, { 'spec.quantitySeconds': '-0.5' }),
      says: 'spec.quantitySeconds in body should match',
    },
    {
      name: 'minus nothing',
      object: changed(base, { 'spec.quantitySeconds': '-0' }),
      says: 'spec.quantitySeconds in body should match',
    },
  ],
  updates: [
    { name: 'the same again', from: base, to: base },
    { name: 'an approval', from: base, to: approved },
    { name: 'an approval taken back', from: approved, to: base, says: 'approvedBy is immutable once it is set' },
    {
      name: 'another quantity',
      from: base,
      to: changed(base, { 'spec.quantitySeconds': '-700' }),
      says: immutable,
    },
    { name: 'an end of what is held', from: base, to: changed(base, { 'spec.held': 'Recorded' }), says: immutable },
  ],
};
