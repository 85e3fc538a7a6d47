import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'UsageReport',
  metadata: { name: 'sample-2026-10' },
  spec: { period: { month: '2026-10' } },
};
const span = changed(base, {
  'spec.period': { fromTime: '2026-10-01T00:00:00Z', toTime: '2026-10-08T00:00:00Z' },
});

/** What a UsageReport takes and refuses. */
export const usageReports: SampleTable = {
  kind: 'UsageReport',
  valid: [
    { name: 'a month of everybody', object: base },
    { name: 'a week', object: span },
    { name: 'one tenant', object: changed(base, { 'spec.tenantRef': { name: 'acme' } }) },
  ],
  invalid: [
    {
      name: 'no such month',
      object: changed(base, { 'spec.period.month': '2026-13' }),
      says: 'spec.period.month in body should match',
    },
    { name: 'no period', object: changed(base, { 'spec.period': {} }), says: 'set either month' },
    {
      name: 'a month and a beginning',
      object: changed(base, { 'spec.period.fromTime': '2026-10-01T00:00:00Z' }),
      says: 'set either month',
    },
    { name: 'no end', object: changed(span, { 'spec.period.toTime': undefined }), says: 'set either month' },
    {
      name: 'an end at the beginning',
      object: changed(span, { 'spec.period.toTime': '2026-10-01T00:00:00Z' }),
      says: 'fromTime must be before toTime',
    },
  ],
  updates: [
    {
      name: 'another month before anything is recorded',
      from: base,
      to: changed(base, { 'spec.period.month': '2026-11' }),
    },
  ],
};
