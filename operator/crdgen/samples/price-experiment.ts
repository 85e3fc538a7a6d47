import { changed, type SampleObject, type SampleTable } from './table.ts';

const base: SampleObject = {
  apiVersion: 'gpuoptimizer.io/v1alpha1',
  kind: 'PriceExperiment',
  metadata: { name: 'sample-spring' },
  spec: {
    planRef: { name: 'standard' },
    arms: [
      { name: 'control', book: 'standard', weight: 2 },
      { name: 'lower', book: 'standard-lower', weight: 1 },
    ],
    startMonth: '2027-01',
  },
};

/** What a PriceExperiment takes and refuses. */
export const priceExperiments: SampleTable = {
  kind: 'PriceExperiment',
  valid: [
    { name: 'two lists', object: base },
    { name: 'with an end', object: changed(base, { 'spec.stopMonth': '2027-04' }) },
  ],
  invalid: [
    {
      name: 'a month of one digit',
      object: changed(base, { 'spec.startMonth': '2027-1' }),
      says: 'spec.startMonth in body should match',
    },
    {
      name: 'no such month',
      object: changed(base, { 'spec.stopMonth': '2027-13' }),
      says: 'spec.stopMonth in body should match',
    },
    {
      name: 'an end at the beginning',
      object: changed(base, { 'spec.stopMonth': '2027-01' }),
      says: 'stopMonth must be after startMonth',
    },
    {
      name: 'one list',
      object: changed(base, { 'spec.arms': [{ name: 'control', book: 'standard', weight: 1 }] }),
      says: 'spec.arms in body should have at least 2 items',
    },
    {
      name: 'an arm twice',
      object: changed(base, {
        'spec.arms': [
          { name: 'control', book: 'standard', weight: 1 },
          { name: 'control', book: 'standard-lower', weight: 1 },
        ],
      }),
      says: 'spec.arms[1]: Duplicate value',
    },
    {
      name: 'an arm of no weight',
      object: changed(base, {
        'spec.arms': [
          { name: 'control', book: 'standard', weight: 1 },
          { name: 'lower', book: 'standard-lower', weight: 0 },
        ],
      }),
      says: 'spec.arms[1].weight in body should be greater than or equal to 1',
    },
  ],
  updates: [
    {
      name: 'an end that is set',
      from: base,
      to: changed(base, { 'spec.stopMonth': '2027-04' }),
    },
    {
      name: 'other weights',
      from: base,
      to: changed(base, {
        'spec.arms': [
          { name: 'control', book: 'standard', weight: 1 },
          { name: 'lower', book: 'standard-lower', weight: 1 },
        ],
      }),
      says: 'planRef, arms and startMonth are immutable',
    },
  ],
};
